import type { Cluster } from '../../src/cluster/model.ts';
import type { Look } from './look.ts';
import { type Row, type Verdict, wellIf, wrong } from './row.ts';

/** What a flag of a running process should be; undefined: it is not given. */
type Rule = (value: string | undefined, look: Look) => boolean;

export const is =
  (wanted: string): Rule =>
  (value) =>
    value === wanted;
export const given: Rule = (value) => value !== undefined && value !== '';
export const absent: Rule = (value) => value === undefined;
export const unlessIs =
  (forbidden: string): Rule =>
  (value) =>
    value !== forbidden;
export const includes =
  (item: string): Rule =>
  (value) =>
    itemsOf(value).includes(item);
export const excludes =
  (item: string): Rule =>
  (value) =>
    !itemsOf(value).includes(item);
export const onlyOf =
  (allowed: readonly string[]): Rule =>
  (value) =>
    itemsOf(value).length > 0 && itemsOf(value).every((item) => allowed.includes(item));
export const atLeast =
  (number: number): Rule =>
  (value) =>
    Number(value ?? 0) >= number;

export const itemsOf = (value: string | undefined): string[] =>
  (value ?? '').split(',').filter((item) => item !== '');

export interface FlagRow {
  readonly program: string;
  readonly id: string;
  readonly title: string;
  /** Each by its name without dashes. */
  readonly flags: Readonly<Record<string, Rule>>;
  readonly on: Row['on'];
  readonly key?: Row['key'];
}

/** A row over the arguments of a running process. */
export const flagRow = ({ program, id, title, flags, on, key }: FlagRow): Row => ({
  ...{ id, title, on },
  judge: (look) => flagVerdict(look, program, flags),
  key: (cluster) => overridden(cluster, program, Object.keys(flags)) ?? key?.(cluster) ?? null,
});

function flagVerdict(look: Look, program: string, flags: Readonly<Record<string, Rule>>): Verdict {
  const process = look.processes.get(program);
  if (process === undefined) return wrong(`${program} does not run`);
  const found = Object.keys(flags).map((name) => {
    const value = process.flags.get(name);
    return value === undefined ? `no --${name}` : `--${name}=${value}`;
  });
  const holds = Object.entries(flags).every(([name, rule]) => rule(process.flags.get(name), look));
  return wellIf(holds, found.join(' '));
}

/** A flag that cluster.json itself sets. */
function overridden(cluster: Cluster, program: string, names: readonly string[]): string | null {
  const own = cluster.controlPlane.extraArgs[program] ?? {};
  const name = names.find((each) => each in own);
  return name === undefined ? null : `controlPlane.extraArgs.${program}.${name}`;
}
