import { sudo } from '../box/sudo.ts';
import { HardwayError } from '../errors.ts';
import { $ } from '../shell.ts';

const LOCK = '/run/hardway-lab.lock';
/** Seconds; whoever has it needs less than two. */
const WAIT = 60;

/**
 * Runs `fn` while no other lab of this computer, whosever it is, makes or removes what all of them share. The kernel
 * holds the lock for a process that ends with our end of a pipe: nothing stale stays when we are killed.
 */
export async function whileOthersWait<T>(fn: () => Promise<T>): Promise<T> {
  const holder = $({
    nothrow: true,
  })`${sudo} flock -w ${WAIT} ${LOCK} sh -c ${'echo taken; cat'}`;
  const taken = new Promise<void>((resolve) => void holder.stdout.once('data', () => resolve()));
  await Promise.race([taken, holder.then(({ stderr }) => refuse(stderr))]);
  try {
    return await fn();
  } finally {
    holder.stdin.end();
    await holder;
  }
}

function refuse(said: string): never {
  throw new HardwayError('LAB', 'the network that all labs of this computer share is not free', {
    evidence: [said.trim() || `another lab has been at it for ${WAIT} s`],
    remedy: `See who holds ${LOCK}: fuser -v ${LOCK}`,
  });
}
