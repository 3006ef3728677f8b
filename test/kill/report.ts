import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { type Cut, cutName } from './cut.ts';

/** What came of one cut. */
export interface Outcome {
  readonly cut: Cut;
  /** What the user saw of it. */
  readonly told: string;
  /** Seconds of the run that healed it. */
  readonly seconds: number;
  /** Empty: healed. */
  readonly problems: readonly string[];
}

const root = join(import.meta.dirname, '..', '..');

/** One line for each cut, for people who look on. */
export const line = ({ cut, told, seconds, problems }: Outcome, number: number, of: number): string =>
  [
    `${String(number).padStart(3)}/${of} ${problems.length === 0 ? 'healed' : 'NOT HEALED'} in ${seconds.toFixed(1)} s  ${short(cutName(cut), 120)}`,
    ...(told === '' ? [] : [`      said: ${told}`]),
    ...problems.map((problem) => `      ${problem}`),
  ].join('\n');

/** A table by phase, and each cut that was not healed by itself. */
export function table(outcomes: readonly Outcome[]): string {
  const phases = [...new Set(outcomes.map(({ cut }) => cut.moment.effect.phase))];
  const cells = (phase: string, victim: Cut['victim']): string[] => {
    const some = outcomes.filter(({ cut }) => cut.victim === victim && cut.moment.effect.phase === phase);
    const healed = some.filter(({ problems }) => problems.length === 0);
    return some.length === 0
      ? ['–', '–']
      : [`${healed.length} of ${some.length}`, `${seconds(some, 0.5)} / ${seconds(some, 1)}`];
  };
  const rows = phases.map((phase) => [phase, ...cells(phase, 'engine'), ...cells(phase, 'machine')]);
  const head = ['Phase', 'engine killed: healed', 'seconds', 'machine stopped: healed', 'seconds'];
  return [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
}

/** Seconds of the healing runs: 0.5 is the median, 1 the longest. */
function seconds(outcomes: readonly Outcome[], part: number): string {
  const sorted = outcomes.map((outcome) => outcome.seconds).sort((a, b) => a - b);
  return (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0).toFixed(1);
}

export interface Circumstances {
  /** Effects of an undisturbed run. */
  readonly effects: number;
  /** Seconds it took. */
  readonly clean: number;
  /** All that could be made. */
  readonly cuts: number;
  readonly minutes: number;
}

/** Writes docs/crash-safety.md. */
export function publish(
  outcomes: readonly Outcome[],
  { effects, clean, cuts, minutes }: Circumstances,
): void {
  const healed = outcomes.filter(({ problems }) => problems.length === 0).length;
  const [cpu] = cpus();
  const machine = `${cpus().length} × ${cpu?.model ?? 'unknown processor'}, ${Math.round(totalmem() / 2 ** 30)} GiB`;
  const broken = outcomes.filter(({ problems }) => problems.length > 0);
  const page = `# Crash safety

This page is written by \`npm run test:kill\`. It brings up one master and one minion (LXC machines from the baked box)
and counts the effects of that run: every single thing sent to a machine or written on the operator's side. Then, for
each effect, just before it is made and just after it was acknowledged, it starts again from fresh machines and cuts:

* **engine killed**: SIGKILL the moment the event arrives; what was already sent goes on over there.
* **machine stopped**: all processes of the machine that the effect is made on end at once, and it is started again
  through Vagrant. (The kernel is the host's and goes on: what was written but not yet on disk is not lost. That files
  are synced before they get their names is tested elsewhere.)

Then one more \`hardway up\`, and everything must be as after the undisturbed run: every file of ours by digest, mode and
owner; units, kernel settings, etcd's users and roles; API objects, nodes, certificate requests; keys and token on the
operator's side; nothing left over. \`plan\` must find nothing to do, and a second \`up\` must change nothing. The product
has no hook for this: both cuts come from outside, led by the event stream of \`--json\`.

| | |
| --- | --- |
| Date | ${new Date().toISOString().slice(0, 10)}, commit ${commit()} |
| Host | ${machine} |
| Effects of an undisturbed run | ${effects}, in ${clean.toFixed(1)} s |
| Cuts | ${outcomes.length} of ${cuts}, in ${minutes.toFixed(0)} minutes |
| Healed by one more run | ${healed} |

Seconds are those of the healing run: median / longest.

${table(outcomes)}
${broken.map(({ cut, problems }) => `\n* not healed: ${short(cutName(cut), 200)}\n${problems.map((problem) => `  * ${problem}`).join('\n')}`).join('')}`;
  writeFileSync(join(root, 'docs', 'crash-safety.md'), `${page.trimEnd()}\n`);
}

/** What git calls the sources as they are: "1a2b3c4", and more when something but the pages that tests write is not committed. */
export function commit(): string {
  const git = (...args: string[]): string =>
    execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim();
  const isChanged =
    git('status', '--porcelain', '--', '.', ':!docs/crash-safety.md', ':!docs/matrix.md') !== '';
  return `${git('rev-parse', '--short', 'HEAD')}${isChanged ? ', with changes' : ''}`;
}

const short = (text: string, length: number): string =>
  text.length <= length ? text : `${text.slice(0, length - 1)}…`;
