import type { Calendar, Entry } from './calendar.ts';
import { table } from './table.ts';

const DAY = 86_400_000;

/** One line a certificate, however many files hold it; what expires first stands first. */
export function calendarTable({ entries, absent }: Calendar, now = Date.now()): string {
  const copies = new Map<string, Entry[]>();
  for (const entry of entries)
    copies.set(entry.fingerprint, [...(copies.get(entry.fingerprint) ?? []), entry]);
  const rows = [...copies.values()].map((all) => row(all, now));
  return [
    table([['EXPIRES', 'LEFT', 'CERTIFICATE', 'SIGNED BY', 'WHERE', 'RENEWED BY'], ...rows]),
    ...absent.map((name) => `✗ ${name} is not there: its certificates are not in the list`),
  ].join('\n');
}

function row(all: readonly Entry[], now: number): string[] {
  const { ends, subject, issuer, renewal } = all[0]!;
  // Where it is used; a copy on this side is the lesser news.
  const where = all
    .toSorted((a, b) => Number(a.machine === '') - Number(b.machine === ''))
    .map(({ machine, place }) => `${machine === '' ? 'here' : machine}: ${place}`);
  const more = where.length > 1 ? ` and ${where.length - 1} more` : '';
  return [
    ends.replace('T', ' ').slice(0, 16),
    left(Date.parse(ends) - now),
    subject,
    issuer === subject ? 'itself' : issuer,
    `${where[0]}${more}`,
    renewal,
  ];
}

/** "364 d", "5 h", "12 min", "expired" */
export function left(milliseconds: number): string {
  if (milliseconds <= 0) return 'expired';
  if (milliseconds >= 2 * DAY) return `${Math.floor(milliseconds / DAY)} d`;
  const minutes = Math.floor(milliseconds / 60_000);
  return minutes >= 120 ? `${Math.floor(minutes / 60)} h` : `${minutes} min`;
}
