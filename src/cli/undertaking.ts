import { called, withLock } from '../state/lock.ts';
import type { Undertaking } from './probe.ts';
import { reportFor } from './reporting.ts';
import type { Session } from './session.ts';
import { stopOnSignal } from './stop-on-signal.ts';
import type { Given } from './verb.ts';

/** Carries out something that makes things for a while, while nobody else works on the cluster; Ctrl-C ends it cleanly. */
export async function undertaken<T>(
  { state }: Session,
  given: Given,
  who: string,
  work: (by: Undertaking) => Promise<T>,
): Promise<T> {
  const note = (text: string): void => {
    if (!given.quiet && !given.json) process.stderr.write(`${text}\n`);
  };
  const { signal, release } = stopOnSignal(() =>
    note('stopping: what was made is taken away; once more to leave it'),
  );
  // What programs read is one document, at the end.
  const report = given.json ? () => undefined : reportFor(given);
  try {
    return await withLock(
      state.dir,
      { who, signal, onWait: (holder) => note(`waiting for ${called(holder)}`) },
      () => work({ signal, note, report }),
    );
  } finally {
    release();
  }
}
