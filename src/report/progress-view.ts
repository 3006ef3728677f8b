import type { Event } from './event.ts';

type Progress = Extract<Event, { type: 'progress' }>;

/** What is under way, as told so far; times are milliseconds. */
export interface Doing {
  readonly what: string;
  readonly since: number;
}

export interface MachineView {
  readonly changes: number;
  /** The phase in which it was changed last. */
  readonly phase: string;
  readonly doing: readonly Doing[];
}

export interface View {
  readonly verb: string;
  readonly began: number;
  readonly title: string;
  readonly machines: ReadonlyMap<string, MachineView>;
  /** Downloads, builds, uploads that have not ended, by their task. */
  readonly tasks: ReadonlyMap<string, Progress & { readonly since: number }>;
}

export const nothingYet = (now: number): View => ({
  ...{ verb: '', began: now, title: '', machines: new Map(), tasks: new Map() },
});

/** What is under way after one more event. */
export function after(view: View, event: Event, now: number): View {
  switch (event.type) {
    case 'start':
      return {
        ...nothingYet(now),
        verb: `${event.verb} ${event.cluster}`,
        machines: new Map((event.names ?? []).map((name) => [name, IDLE])),
      };
    case 'phase':
      // What failed has never ended: phases come one after another.
      return { ...view, title: event.title, machines: mapped(view.machines, rest), tasks: new Map() };
    case 'change':
      return machine(view, event.machine, (one) => ({
        ...one,
        changes: one.changes + 1,
        phase: event.phase,
      }));
    case 'effect': {
      const what = effectWords(event.what);
      return machine(view, event.machine, event.done ? ending(what) : beginning(what, now));
    }
    case 'wait':
      return machine(view, event.machine, beginning(`waiting for ${event.what}`, now));
    case 'met':
      return machine(view, event.machine, ending(`waiting for ${event.what}`));
    case 'progress':
      return { ...view, tasks: taskAfter(view.tasks, event, now) };
    default:
      return view;
  }
}

const IDLE: MachineView = { changes: 0, phase: '', doing: [] };
const rest = (one: MachineView): MachineView => ({ ...one, doing: [] });

const mapped = <K, V>(map: ReadonlyMap<K, V>, change: (value: V) => V): ReadonlyMap<K, V> =>
  new Map([...map].map(([key, value]) => [key, change(value)]));

/** What is done on the operator's side has no machine. */
function machine(view: View, name: string, change: (one: MachineView) => MachineView): View {
  if (name === '') return view;
  const machines = new Map(view.machines);
  return { ...view, machines: machines.set(name, change(machines.get(name) ?? IDLE)) };
}

const beginning =
  (what: string, since: number) =>
  (one: MachineView): MachineView => ({ ...one, doing: [...one.doing, { what, since }] });

const ending =
  (what: string) =>
  (one: MachineView): MachineView => ({ ...one, doing: one.doing.filter((each) => each.what !== what) });

/** A change script is named by all it is for; a file that travels alone by its path. */
function effectWords(what: string): string {
  if (what.startsWith('/')) return `uploading ${what}`;
  const [first = '', ...more] = what.split(' ');
  return more.length === 0 ? `changing ${first}` : `changing ${first} and ${more.length} more`;
}

function taskAfter(tasks: View['tasks'], event: Progress, now: number): View['tasks'] {
  const next = new Map(tasks);
  const isOver = event.total > 0 && event.done >= event.total;
  if (isOver) next.delete(event.task);
  else next.set(event.task, { ...event, since: tasks.get(event.task)?.since ?? now });
  return next;
}
