/** A length of time as cluster.json writes it, "90d". The schema has seen to its form. */
export type Duration = string;

const seconds: Readonly<Record<string, number>> = { m: 60, h: 3600, d: 86_400, y: 365 * 86_400 };

export const isDuration = (text: string): boolean => /^[0-9]+[mhdy]$/.test(text);

/** Seconds in "10m", "12h", "90d" or "1y". */
export function secondsIn(duration: Duration): number {
  return Number(duration.slice(0, -1)) * (seconds[duration.slice(-1)] ?? 0);
}

/** Days, also parts of one. */
export const daysIn = (duration: Duration): number => secondsIn(duration) / 86_400;
