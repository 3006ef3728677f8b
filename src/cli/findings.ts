import type { Finding } from './check.ts';
import { printable } from '../report/printable.ts';
import { count } from './verdict.ts';
import type { Verified } from './verify.ts';

export const isWell = ({ findings, absent }: Verified): boolean =>
  absent.length === 0 && findings.every(({ is }) => is !== 'wrong');

interface Telling {
  /** Also what is well. */
  readonly verbose: boolean;
  /** Only what is wrong. */
  readonly quiet: boolean;
}

/** What each probe came to, what is wrong or excepted, then how many of each. */
export function told({ findings, absent, sums = {} }: Verified, { verbose, quiet }: Telling): string {
  const isProven = (check: string): boolean =>
    findings.filter((each) => each.check === check).every(({ is }) => is !== 'wrong');
  const shown = findings.filter(({ is }) => is === 'wrong' || (!quiet && (verbose || is === 'excepted')));
  const number = (kind: Finding['is']): number => findings.filter(({ is }) => is === kind).length;
  const machines = new Set(findings.map(({ machine }) => machine)).size;
  const sum = `${number('well')} well, ${number('wrong')} wrong, ${number('excepted')} excepted on ${count(machines, 'machine')}`;
  const proven = quiet ? [] : Object.entries(sums).filter(([check]) => isProven(check));
  return [
    ...proven.map(([check, sum]) => printable(`✓ ${check}: ${sum}`)),
    ...shown.map(paragraph),
    ...absent.map((name) => `✗ ${name} is not there: nothing is known about it`),
    sum,
  ].join('\n');
}

const SIGNS: Readonly<Record<Finding['is'], string>> = { well: '✓', wrong: '✗', excepted: '!' };

const paragraph = ({ machine, id, title, is, found, reason, remedy }: Finding): string =>
  [
    `${SIGNS[is]} ${machine}: ${id}: ${title}`,
    `    found: ${found}`,
    ...(reason === undefined || is !== 'excepted' ? [] : [`    excepted: ${reason}`]),
    ...(remedy === undefined || is === 'well' ? [] : [`  → ${remedy}`]),
  ]
    .map((line) => printable(line).replaceAll('\n', '?'))
    .join('\n');
