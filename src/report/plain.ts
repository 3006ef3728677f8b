import { styleText } from 'node:util';
import type { Difference, Event, Report } from './event.ts';
import { brief } from './brief.ts';
import { allPrintable } from './printable.ts';
import { redact } from './redact.ts';

export interface PlainOptions {
  readonly write: (text: string) => void;
  readonly colour: boolean;
  readonly quiet: boolean;
  /** Shows differences key by key and the reasons of resources. */
  readonly verbose: boolean;
  /** Shows what would change line by line, why, and what it disturbs. */
  readonly plan?: boolean;
}

/** One line a change, one sentence a wait, silence about what is fine. */
export function plainReport(options: PlainOptions): Report {
  const paint = (style: Parameters<typeof styleText>[0], text: string): string =>
    options.colour ? styleText(style, text, { validateStream: false }) : text;
  const said: Said = new Map();
  const say = (text: string): void => options.write(`${redact(text)}\n`);

  return (event) => {
    if (options.quiet && event.type !== 'failure' && event.type !== 'verdict' && event.type !== 'warning')
      return;
    for (const line of linesOf(allPrintable(event), options, paint, said)) say(line);
  };
}

/** What was said last of a task or phase. */
type Said = Map<string, string>;

function isRepeated(said: Said, of: string, what: string): boolean {
  const isSame = said.get(of) === what;
  said.set(of, what);
  return isSame;
}

type Paint = (style: Parameters<typeof styleText>[0], text: string) => string;

function linesOf(event: Event, options: PlainOptions, paint: Paint, said: Said): string[] {
  const { verbose } = options;
  switch (event.type) {
    case 'start':
      return [paint('bold', `${event.verb}: cluster ${event.cluster}, ${event.machines} machines`)];
    case 'phase':
      return [paint('bold', event.title)];
    case 'change':
      return changeLines(event, options, paint);
    case 'wait':
      return verbose ? [`  ${event.machine.padEnd(10)} … waiting for ${event.what}`] : [];
    case 'met':
      if (event.seconds < 0.5 && !verbose) return [];
      return [
        paint('dim', `  ${event.machine.padEnd(10)} waited ${event.seconds.toFixed(1)} s for ${event.what}`),
      ];
    case 'progress':
      return progressLines(event, said);
    case 'effect':
    case 'output':
    case 'described':
      return [];
    case 'note':
      return [`  ${event.machine === undefined ? '' : `${event.machine.padEnd(10)} `}${event.text}`];
    case 'warning':
      return [paint('yellow', `! ${event.machine === undefined ? '' : `${event.machine}: `}${event.text}`)];
    case 'deferred': {
      // Each pass of a run asks again.
      const line = `  ${event.phase} deferred: ${event.reason}${event.awaiting.length > 0 ? ` (${event.awaiting.join(', ')})` : ''}`;
      return isRepeated(said, event.phase, line) && !verbose ? [] : [line];
    }
    case 'failure':
      return [
        paint('red', `✗ ${event.message}`),
        ...event.evidence.filter((line) => line.trim() !== '').map((line) => `    ${line}`),
        ...(event.remedy === undefined ? [] : [`  → ${event.remedy}`]),
      ];
    case 'verdict':
      return [paint(event.exitCode === 0 ? 'green' : 'yellow', event.text)];
  }
}

type Change = Extract<Event, { type: 'change' }>;

function changeLines(event: Change, { verbose, plan = false }: PlainOptions, paint: Paint): string[] {
  const kind = kindOf(event);
  const sign = { '+': paint('green', '+'), '-': paint('red', '-'), '~': paint('yellow', '~'), '?': '?' }[
    kind
  ];
  const disturbs = (event.disturbs ?? []).map((text) => paint('yellow', indented(`! ${text}`)));
  const line = `  ${event.machine.padEnd(10)} ${sign} ${event.resource}${detail(event, kind)}`;
  if (!verbose && !plan) return [line, ...disturbs];
  const why = event.why === undefined ? [] : [paint('dim', indented(event.why))];
  const lines = (event.lines ?? []).map((text) =>
    paint(text.startsWith('-') ? 'red' : 'green', indented(text)),
  );
  // The lines say more than their digest.
  const shown = event.differences.filter(({ key }) => verbose || !(lines.length > 0 && key === 'sha256'));
  return [line, ...(kind === '~' ? shown.map(differenceLine) : []), ...lines, ...disturbs, ...why];
}

/** Made, taken away, changed; or nobody can say yet. */
function kindOf({ uncertain, differences }: Change): '+' | '-' | '~' | '?' {
  if (uncertain) return '?';
  const present = differences.find(({ key }) => key === 'present');
  return present === undefined ? '~' : present.wanted === true ? '+' : '-';
}

function detail({ differences }: Change, kind: ReturnType<typeof kindOf>): string {
  if (kind === '?') return ' (cannot be asked now; perhaps nothing is to be done)';
  return kind === '~' ? ` (${differences.map(({ key }) => key).join(', ')})` : '';
}

const indented = (text: string): string => `               ${text}`;

const differenceLine = ({ key, now, wanted }: Difference): string =>
  indented(`${key}: ${brief(now)} → ${brief(wanted)}`);

/** Bytes; what is there at once needs no progress. */
const SMALL = 32 * 1024 * 1024;

/** A tenth at a time: readable where lines cannot be overwritten. */
function progressLines(event: Extract<Event, { type: 'progress' }>, said: Said): string[] {
  const { task, done, total, unit } = event;
  if (unit === 'bytes' && total < SMALL) return [];
  const tenth = total === 0 ? 0 : Math.floor((done / total) * 10);
  if (isRepeated(said, task, String(tenth))) return [];
  const amount = unit === 'bytes' ? `${(total / 1048576).toFixed(0)} MiB` : `${total} steps`;
  const rate = event.rate === undefined ? '' : `, ${(event.rate / 1048576).toFixed(1)} MiB/s`;
  return [`  ${task}: ${tenth * 10} % of ${amount}${rate}`];
}
