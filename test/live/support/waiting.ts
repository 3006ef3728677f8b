import { setTimeout as sleep } from 'node:timers/promises';

/** Seconds until it holds. What cannot be asked yet does not hold; after `limit` seconds it fails with what came last. */
export async function until(holds: () => Promise<boolean>, limit: number): Promise<number> {
  const began = Date.now();
  const seconds = (): number => (Date.now() - began) / 1000;
  let last: unknown = 'it does not hold';
  const ask = (): Promise<boolean> =>
    holds().catch((error: unknown) => {
      last = error;
      return false;
    });
  while (!(await ask())) {
    if (seconds() > limit) throw new Error(`not within ${limit} s`, { cause: last });
    await sleep(250);
  }
  return seconds();
}
