import { printable } from '../report/printable.ts';
import { left } from './calendar-table.ts';
import { type Overview, type Ranked, ranked } from './overview.ts';
import { table } from './table.ts';
import { count } from './verdict.ts';

/** The whole state of a cluster on one screen: machines, then a line a group, then what is wrong and what to do. */
export function screen({ nodes, lines, sums }: Overview): string {
  const all = ranked(lines);
  const groups = [...new Set(all.map(({ group }) => group))].filter((group) => !inTable.includes(group));
  return [
    table([
      ['NODE', 'STATE', 'ROLES', 'ADDRESS', 'VERSION', 'UP'],
      ...nodes.map(({ name, state, roles, address, version, up }) => [
        ...[name, state, roles.join(','), address, version, up === null ? '' : left(up * 1000 + 1)],
      ]),
    ]),
    '',
    table(
      groups.flatMap((group) =>
        rows(
          group,
          all.filter((line) => line.group === group),
          sums[group],
        ),
      ),
    ),
    '',
    ...verdict(all),
  ]
    .map(printable)
    .join('\n');
}

/** Groups that the table of machines shows. */
const inTable: readonly string[] = ['machines', 'nodes'];

const SIGNS: Readonly<Record<Ranked['is'], string>> = { well: '✓', wrong: '✗', follows: '·', unknown: '?' };

/** One row while all is well and there is a sum; otherwise what is not well, and how many are. */
function rows(group: string, lines: readonly Ranked[], sum: string | undefined): string[][] {
  const well = lines.filter(({ is }) => is === 'well');
  if (well.length === lines.length && sum !== undefined) return [[SIGNS.well, group, sum]];
  if (lines.length <= 4) return lines.map((line) => row(group, line));
  return [
    ...lines.filter(({ is }) => is !== 'well').map((line) => row(group, line)),
    ...(well.length === 0 ? [] : [[SIGNS.well, group, `${well.length} others are well`]]),
  ];
}

const row = (group: string, { is, what, found, from }: Ranked): string[] => [
  SIGNS[is],
  group,
  `${what === group ? '' : `${what}: `}${found}${from === undefined ? '' : ` (follows from ${from})`}`,
];

/** What is wrong by itself, each with what follows from it and what to do. */
export function verdict(lines: readonly Ranked[]): string[] {
  const wrong = lines.filter(({ is }) => is === 'wrong');
  if (wrong.length === 0) return ['all is well'];
  return wrong.flatMap(({ id, what, found, remedy }) => {
    const after = lines.filter(({ from }) => from === id);
    const groups = [...new Set(after.map(({ group }) => group))].join(', ');
    return [
      `✗ ${what}: ${found}`,
      ...(after.length === 0 ? [] : [`    from it follows: ${count(after.length, 'line')} (${groups})`]),
      ...(remedy === undefined ? [] : [`  → ${remedy}`]),
    ];
  });
}

export const isWell = ({ lines }: Pick<Overview, 'lines'>): boolean =>
  ranked(lines).every(({ is }) => is === 'well' || is === 'unknown');
