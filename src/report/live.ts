import { styleText } from 'node:util';
import type { Event } from './event.ts';
import { after, type MachineView, nothingYet, type View } from './progress-view.ts';
import { allPrintable } from './printable.ts';
import { redact } from './redact.ts';
import type { Screen } from './screen.ts';

export interface LiveOptions {
  readonly screen: Screen;
  readonly colour: boolean;
  /** Milliseconds. */
  readonly now: () => number;
}

export interface Live {
  take(event: Event): void;
  /** Called some times a second. */
  paint(): void;
}

/** A picture of what is under way, from the first event to the verdict. */
export function live({ screen, colour, now }: LiveOptions): Live {
  let view: View | null = null;
  return {
    take(event) {
      view = event.type === 'verdict' ? null : after(view ?? nothingYet(now()), allPrintable(event), now());
      if (view === null) screen.show([]);
    },
    paint() {
      if (view !== null) screen.show(picture(view, now(), colour).map(redact));
    },
  };
}

const SPINNER = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const BAR = 20;

/** One line for the run, one for each machine, one for each download, build or upload. */
export function picture(view: View, now: number, colour: boolean): string[] {
  const paint = (style: Parameters<typeof styleText>[0], text: string): string =>
    colour ? styleText(style, text, { validateStream: false }) : text;
  const spinner = paint('cyan', SPINNER[Math.floor(now / 100) % SPINNER.length] ?? '');
  const names = Math.max(10, ...[...view.machines.keys()].map((name) => name.length));
  const title = [view.verb, view.title].filter((text) => text !== '').join(': ') || 'making ready';
  const isBusy = ([, { doing }]: [string, MachineView]): boolean => doing.length > 0;
  const machines = [...view.machines];
  // Where not all fit, those that do something are seen.
  const ordered = [...machines.filter(isBusy), ...machines.filter((one) => !isBusy(one))];
  return [
    `${spinner} ${paint('bold', title)} ${paint('dim', seconds(now - view.began))}`,
    ...ordered.map(([name, one]) => {
      const [first] = one.doing;
      const mark = first === undefined ? paint('green', one.changes > 0 ? '✓' : '·') : spinner;
      const text = first === undefined ? rested(one) : `${first.what} ${seconds(now - first.since)}`;
      return `  ${mark} ${name.padEnd(names)} ${first === undefined ? paint('dim', text) : text}`;
    }),
    ...[...view.tasks.values()].map(
      (task) => `  ${spinner} ${bar(task)} ${paint('dim', seconds(now - task.since))}`,
    ),
  ];
}

const rested = ({ changes, phase }: MachineView): string =>
  changes === 0 ? '' : `${changes} change${changes === 1 ? '' : 's'}, last in ${phase}`;

const seconds = (milliseconds: number): string => `${Math.floor(milliseconds / 1000)} s`;

function bar({ task, done, total, unit, rate }: Extract<Event, { type: 'progress' }>): string {
  const amount = unit === 'bytes' ? `${mebibytes(done)} of ${mebibytes(total)} MiB` : `${done} of ${total}`;
  if (total === 0) return `${task} ${done === 0 ? '' : done}`.trimEnd();
  const filled = Math.floor((done / total) * BAR);
  const speed = rate === undefined ? '' : `, ${mebibytes(rate)} MiB/s`;
  return `${'█'.repeat(filled)}${'░'.repeat(BAR - filled)} ${task} ${amount}${speed}`;
}

const mebibytes = (bytes: number): string => (bytes / 1048576).toFixed(1);
