import { type EncryptionKey, newKey } from './encryption-keys.ts';

/** How far the change from one key to the next has come; the kept keys themselves say it. */
export type Standing =
  | 'at rest' // one key
  | 'reading' // the new one is second: it can be read, nothing is written with it
  | 'writing' // the new one is first: what is written from now on, is written with it
  | 'leaving'; // everything was written again; the old one is retired

type Keys = readonly EncryptionKey[];

export function standingOf(keys: Keys): Standing {
  const [first, second] = keys;
  if (first === undefined || second === undefined) return 'at rest';
  if (second.retired) return 'leaving';
  return numberOf(first) < numberOf(second) ? 'reading' : 'writing';
}

export const withNew = ([key]: Keys, provider: EncryptionKey['provider']): Keys =>
  key === undefined ? [] : [key, newKey(`key${numberOf(key) + 1}`, provider)];

export const turned = (keys: Keys): Keys => keys.toReversed();

export const withOldRetired = ([first, ...others]: Keys): Keys =>
  first === undefined ? [] : [first, ...others.map((old) => ({ ...old, retired: true as const }))];

export const onlyFirst = (keys: Keys): Keys => keys.slice(0, 1);

const numberOf = ({ name }: EncryptionKey): number => Number(name.slice('key'.length));
