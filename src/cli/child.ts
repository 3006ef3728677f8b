import { spawn } from 'node:child_process';
import { signalCode } from '../connection/signal-code.ts';
import { HardwayError } from '../errors.ts';
import { terminal } from '../report/terminal.ts';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Runs another program with our own terminal, input and output; whoever wants to end us ends it. Returns its exit
 * code, 128 + n for signal n. Throws HardwayError when it cannot be started.
 */
export function inherit(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<number> {
  return new Promise((resolve, reject) => {
    const giveBack = terminal.hold();
    const child = spawn(program, args, { stdio: 'inherit', env: { ...process.env, ...env } });
    const forward = (signal: NodeJS.Signals): void => void child.kill(signal);
    for (const signal of SIGNALS) process.on(signal, forward);
    child.once('close', (code, signal) => {
      for (const one of SIGNALS) process.off(one, forward);
      giveBack();
      resolve(code ?? signalCode(signal));
    });
    child.once('error', ({ message }) =>
      reject(new HardwayError('PROGRAM', `${program} cannot be started`, { evidence: [message] })),
    );
  });
}
