import { exitCode } from './exit-codes.ts';

/** The first signal asks to stop, and `told` says what happens now; the second ends the process at once. */
export function stopOnSignal(told: () => void): { signal: AbortSignal; release: () => void } {
  const controller = new AbortController();
  const handler = (): void => {
    if (controller.signal.aborted) process.exit(exitCode.failed);
    controller.abort();
    told();
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, handler);
  // Nobody listens any more: a terminal was closed, or a pipe.
  const gone = (): void => controller.abort();
  process.stdout.on('error', gone);
  return {
    signal: controller.signal,
    release: () => {
      for (const signal of signals) process.off(signal, handler);
      // What is said last may fail too.
      process.stdout.off('error', ignore).on('error', ignore).off('error', gone);
    },
  };
}

const ignore = (): void => undefined;
