import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { commit } from '../../kill/report.ts';
import { allCells, type Cell, chosenCells } from './cells.ts';

/** Seconds that each step of a cell took; `failed` is the first that did not hold, with its reason. */
export interface Outcome {
  readonly cell: string;
  readonly seconds: Readonly<Record<Step, number | undefined>>;
  readonly failed: { readonly step: Step; readonly reason: string } | null;
  /** The machine that was restarted. */
  readonly rebooted: string;
}

export const STEPS = ['bring-up', 'verify', 'second run', 'reboot', 'destroy'] as const;
export type Step = (typeof STEPS)[number];

const page = join(import.meta.dirname, '..', '..', '..', 'docs', 'matrix.md');

/** For people who look on. */
export const line = ({ cell, seconds, failed }: Outcome): string => {
  const times = STEPS.map((step) => `${step} ${seconds[step]?.toFixed(0) ?? '–'} s`).join(', ');
  return failed === null ? `${cell}: ${times}` : `${cell}: ${failed.step} FAILED: ${failed.reason}`;
};

/** One row of the table. */
function rowOf({ cell, seconds, failed, rebooted }: Outcome): string {
  const times = STEPS.map((step) => {
    const time = seconds[step]?.toFixed(0) ?? '–';
    if (failed?.step === step) return `**failed** (${time})`;
    return step === 'reboot' ? `${time} (${rebooted})` : time;
  });
  return `| ${[cell, ...times, new Date().toISOString().slice(0, 10), commit()].join(' | ')} |`;
}

/** Writes docs/matrix.md: rows of these cells anew, those of others as they were. */
export function publish(outcomes: readonly Outcome[]): string {
  const kept = existsSync(page) ? readFileSync(page, 'utf8').split('\n') : [];
  const before = new Map(kept.map((row) => [/^\| (\S+\/\S+\/\S+) \|/.exec(row)?.[1] ?? '', row]));
  const now = new Map(outcomes.map((outcome) => [outcome.cell, rowOf(outcome)]));
  const none = ({ name }: Cell): string =>
    `| ${[name, ...STEPS.map(() => '–'), 'not run', ''].join(' | ')} |`;
  const rows = allCells.flatMap((cell) => {
    const row = now.get(cell.name) ?? before.get(cell.name);
    return row ?? (chosenCells.includes(cell) ? none(cell) : []);
  });
  const head = ['Cell', ...STEPS, 'On', 'Commit'];
  const table = [`| ${head.join(' | ')} |`, `| ${head.map(() => '---').join(' | ')} |`, ...rows].join('\n');
  writeFileSync(page, `${about()}\n${table}\n${impossible()}`);
  return table;
}

function about(): string {
  const [cpu] = cpus();
  const host = `${cpus().length} × ${cpu?.model ?? 'unknown processor'}, ${Math.round(totalmem() / 2 ** 30)} GiB`;
  return `# The matrix

This page is written by \`npm run test:matrix\`; \`npm run test:matrix -- kubeadm\` runs the cells whose names hold that word.

A cell is flavour / machines / network. \`1+2\` is one master and two minions; \`3+2-stacked\` has etcd on its three masters,
\`1+2-etcd-on-all\` on all three machines, \`2+1-etcd-apart\` on three machines of its own. Of the ${allCells.length} combinations
${chosenCells.length} are enough for every two of flavour, machines and network to stand together once; those the table has, and
whatever else was run by name.

Of all this \`npm test\` takes scratch-systemd/1+2/flannel-etcd, in depth, and of each other flavour one machine
(\`live/names.test.ts\`), so that it stays within its time.

Each cell, in seconds: from nothing to the verdict (LXC machines are made, too), \`hardway verify\` with all probes, a second
run that changes nothing, one machine restarted until \`status\` is well and \`plan\` empty, everything destroyed.

Host: ${host}, shared with other work; the times are no benchmark ([performance.md](performance.md) is).
`;
}

/** Combinations that the description refuses, by what it says. */
function impossible(): string {
  const reasons = new Map<string, string[]>();
  for (const { name, impossible: reason } of allCells)
    if (reason !== '') reasons.set(reason, [...(reasons.get(reason) ?? []), name]);
  if (reasons.size === 0) return '';
  const list = [...reasons].map(([reason, names]) => `* ${names.join(', ')}: ${reason}`);
  return `\n## Not possible\n\n${list.join('\n')}\n`;
}
