import { sudo } from '../box/sudo.ts';
import { HardwayError } from '../errors.ts';
import type { Report } from '../report/event.ts';
import { $ } from '../shell.ts';

/** Which of these Debian packages are not installed, in the same order. */
export async function missingPackages(wanted: readonly string[]): Promise<readonly string[]> {
  const format = '${Package} ${db:Status-Status}\n';
  const answer = await $({ nothrow: true })`dpkg-query --show --showformat ${format} ${wanted}`;
  const installed = new Set(answer.stdout.split('\n'));
  return wanted.filter((name) => !installed.has(`${name} installed`));
}

/** Asks apt first whether it can; when it cannot, nothing has been changed but apt's lists. */
export async function installPackages(names: readonly string[], report: Report): Promise<void> {
  if (!(await trial(names)).ok) {
    await $({ nothrow: true })`${sudo} apt-get update`;
    const refused = await trial(names);
    if (!refused.ok) {
      throw new HardwayError('LAB', `apt cannot install ${names.join(' ')}`, {
        evidence: refused.stderr.trim().split('\n'),
        remedy: "Bring this machine's apt in order, then try again: sudo apt-get update.",
      });
    }
  }
  await install(names, report);
}

function trial(names: readonly string[]) {
  return $({ nothrow: true })`apt-get install --simulate --no-install-recommends --yes ${names}`;
}

async function install(names: readonly string[], report: Report): Promise<void> {
  const task = `installing ${names.join(' ')}`;
  const environment = ['env', 'DEBIAN_FRONTEND=noninteractive'];
  const options = ['--yes', '--no-install-recommends', '-o', 'APT::Status-Fd=1', '-o', 'Dpkg::Use-Pty=0'];
  const run = $({ nothrow: true })`${sudo} ${environment} apt-get install ${options} ${names}`;
  for await (const line of run) {
    const done = progressOf(line);
    if (done !== undefined) report({ type: 'progress', task, done, total: 100, unit: 'steps' });
  }
  const result = await run;
  if (!result.ok) {
    throw new HardwayError('LAB', `apt-get install failed for ${names.join(' ')}`, {
      evidence: result.stderr.trim().split('\n').slice(-5),
    });
  }
  report({ type: 'progress', task, done: 100, total: 100, unit: 'steps' });
}

/** apt's status lines: downloads count as the first half, installation as the second. */
export function progressOf(line: string): number | undefined {
  const [, kind, percent] = /^(dlstatus|pmstatus):[^:]*:([\d.]+):/.exec(line) ?? [];
  if (percent === undefined) return undefined;
  return Math.min(99, Math.floor(Number(percent) / 2) + (kind === 'pmstatus' ? 50 : 0));
}
