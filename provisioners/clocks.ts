import { HardwayError, MachineError } from '../src/errors.ts';

/** Seconds that clocks may differ; answers of one script on all machines are a few seconds apart by themselves. */
const tolerance = 30;
const remedy = 'Set it there (timedatectl set-ntp true) and run again; nothing was changed.';

/**
 * Refuses a clock that is far from the median of all: certificates would not be valid yet, or no longer. This
 * computer's clock counts as one of them, and decides between two middles. Seconds since 1970.
 */
export function refuseClocks(machines: ReadonlyMap<string, number>, here = Date.now() / 1000): void {
  if (machines.size === 0) return;
  const median = middle([...machines.values(), here], here);
  for (const [name, time] of machines) {
    if (Math.abs(time - median) > tolerance)
      throw new MachineError(name, `its clock says ${told(time)}, the median is ${told(median)}`, { remedy });
  }
  if (Math.abs(here - median) > tolerance) {
    const text = `this computer's clock says ${told(here)}, the median of the machines is ${told(median)}`;
    throw new HardwayError('CLOCK', text, { remedy });
  }
}

function middle(times: number[], preferred: number): number {
  times.sort((a, b) => a - b);
  const [low = 0, high = 0] = [
    times[Math.floor((times.length - 1) / 2)],
    times[Math.floor(times.length / 2)],
  ];
  return Math.abs(low - preferred) <= Math.abs(high - preferred) ? low : high;
}

const told = (seconds: number): string => new Date(seconds * 1000).toISOString().replace(/\.\d+Z$/, 'Z');
