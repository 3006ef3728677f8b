import type { Connection } from '../connection/connection.ts';
import type { Report } from '../report/event.ts';

/** Where changes are made, and who is told. */
export interface Site {
  readonly machine: string;
  readonly phase: string;
  readonly connection: Connection;
  readonly report: Report;
}

/** Tells before and after, so that whoever listens knows exactly how far we came. */
export async function effect<T>(
  { machine, phase, report }: Omit<Site, 'connection'>,
  what: string,
  act: () => Promise<T>,
): Promise<T> {
  report({ type: 'effect', machine, phase, what, done: false });
  const result = await act();
  report({ type: 'effect', machine, phase, what, done: true });
  return result;
}
