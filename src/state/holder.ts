import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';

/** Who holds a lock. A process is told from a later one with the same number by when it was started. */
export interface Holder {
  readonly who: string;
  readonly host: string;
  readonly pid: number;
  /** Boot id and start time in clock ticks; null where the system does not tell. */
  readonly started: string | null;
  /** ISO time. */
  readonly since: string;
  /** Random, so that two holdings are never taken for one. */
  readonly id: string;
}

export function thisProcess(who: string, id: string): Holder {
  const { pid } = process;
  return { who, host: hostname(), pid, started: startOf(pid), since: new Date().toISOString(), id };
}

/** Live holders are always complete, so what cannot be read was left behind by a power failure: nobody's. */
export function parseHolder(text: string): Holder {
  try {
    const holder = JSON.parse(text) as Partial<Holder> | null;
    if (holder?.host && holder.id && Number(holder.pid) > 0) return holder as Holder;
  } catch {
    // as below
  }
  return { who: '', host: hostname(), pid: 0, started: null, since: '', id: text };
}

/** True only when the holder is certainly gone; a process on another host counts as alive. */
export function isDead(holder: Holder): boolean {
  if (holder.pid === 0) return true;
  if (holder.host !== hostname()) return false;
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
  const started = startOf(holder.pid);
  return holder.started !== null && started !== null && started !== holder.started;
}

function startOf(pid: number): string | null {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
    // The second field is the name in parentheses and may hold anything; the start time is the 22nd.
    const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ').at(-1)!.split(' ');
    return `${boot}:${fields[19]}`;
  } catch {
    return null;
  }
}
