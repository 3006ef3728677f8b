/** What the question printed on a hardened cluster of one master and one minion, and ways to spoil it. */
import { readFileSync } from 'node:fs';
import { security } from '../../../provisioners/cis/security.ts';
import type { Finding } from '../../../src/cli/check.ts';
import type { Cluster } from '../../../src/cluster/model.ts';
import { described } from '../../property/rig.ts';

export type Machine = 'master' | 'minion-1';

export const hardened: Cluster = described({
  network: { machineCidr: '192.168.87.0/24' },
  security: { profile: 'hardened' },
  nodes: [
    { name: 'master', roles: ['etcd', 'master'] },
    { name: 'minion', count: 1, roles: ['minion'] },
  ],
});

const text = (machine: Machine): string => readFileSync(new URL(`${machine}.txt`, import.meta.url), 'utf8');
const samples: Readonly<Record<Machine, string>> = { master: text('master'), 'minion-1': text('minion-1') };

export type Spoil = (output: string) => string;

/** All findings of one machine; a spoil that spoils nothing is a mistake of the test. */
export function judged(machine: Machine, spoil: Spoil | null, cluster = hardened): readonly Finding[] {
  const node = cluster.nodes.find(({ name }) => name === machine);
  if (node === undefined) throw new Error(`there is no ${machine}`);
  const output = spoil === null ? samples[machine] : spoil(samples[machine]);
  if (spoil !== null && output === samples[machine]) throw new Error('nothing was spoilt');
  return security.judge(cluster, node, output);
}

/** One text for another; an empty one for a whole line takes it out. */
export const swapped =
  (from: string, to: string): Spoil =>
  (output) => {
    if (!output.includes(from)) throw new Error(`the sample has no ${from}`);
    return output.replaceAll(from, to);
  };

/** The arguments of a program with this flag in place of the one of its name, or besides. */
export const flagged =
  (program: string, flag: string): Spoil =>
  (output) => {
    const name = flag.split('=')[0] ?? '';
    const rest = output.split('\n').filter((line) => !line.startsWith(`argument=${program} ${name}=`));
    return [...rest, `argument=${program} ${flag}`].join('\n');
  };

export const withoutFlag =
  (program: string, name: string): Spoil =>
  (output) =>
    output
      .split('\n')
      .filter((line) => !line.startsWith(`argument=${program} --${name}=`))
      .join('\n');

/** Without the lines that begin so. */
export const silent =
  (start: string): Spoil =>
  (output) =>
    output
      .split('\n')
      .filter((line) => !line.startsWith(start))
      .join('\n');

export const mode =
  (path: string, octal: string): Spoil =>
  (output) =>
    output.replace(new RegExp(`^file=\\d+ (\\S+ \\S ${escaped(path)})$`, 'm'), `file=${octal} $1`);

export const owner =
  (path: string, name: string): Spoil =>
  (output) =>
    output.replace(new RegExp(`^file=(\\d+) \\S+ (\\S ${escaped(path)})$`, 'm'), `file=$1 ${name} $2`);

const escaped = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** A configuration file with one text for another. */
export const inDocument =
  (path: string, from: string | RegExp, to: string): Spoil =>
  (output) =>
    output.replace(new RegExp(`^document=${escaped(path)} (\\S+)$`, 'm'), (_, base64: string) => {
      const content = Buffer.from(base64, 'base64').toString();
      return `document=${path} ${Buffer.from(content.replace(from, to)).toString('base64')}`;
    });
