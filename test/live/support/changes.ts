import type { Event } from '../../../src/report/event.ts';
import type { Lab } from './lab.ts';

/** What a run told, as events. */
export interface Run {
  readonly code: number | null;
  readonly output: string;
  /** `machine resource`, sorted. */
  readonly changes: readonly string[];
  readonly events: readonly Event[];
}

/** `hardway plan|up … --json`, understood. */
export async function told(lab: Lab, ...args: string[]): Promise<Run> {
  const { code, output } = await lab.hardway(...args, '--json');
  const events = output
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Event);
  const changes = events.flatMap((event) =>
    event.type === 'change' ? [`${event.machine} ${event.resource}`] : [],
  );
  return { code, output, changes: changes.sort(), events };
}
