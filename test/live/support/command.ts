import { spawn } from 'node:child_process';

export interface Told {
  readonly code: number | null;
  readonly output: string;
}

/** Runs a program as a user would and returns its exit code and everything it said. */
export function command(program: string, args: readonly string[], options: CommandOptions): Promise<Told> {
  const { cwd, input = '', seconds = 1500, env = {} } = options;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd,
      env: { ...process.env, NO_COLOR: '1', ...env },
      detached: true,
    });
    const said: Buffer[] = [];
    // Its whole group: what it started ends with it.
    const timer = setTimeout(() => process.kill(-(child.pid ?? 0), 'SIGKILL'), seconds * 1000);
    child.stdout.on('data', (chunk: Buffer) => said.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => said.push(chunk));
    child.on('error', reject);
    // Who ends without reading what it was given closes the pipe.
    child.stdin.on('error', () => undefined);
    child.on('close', (code) => {
      clearTimeout(timer);
      resolve({ code, output: Buffer.concat(said).toString() });
    });
    child.stdin.end(input);
  });
}

export interface CommandOptions {
  readonly cwd: string;
  readonly input?: string;
  /** The command is killed after these; default 1500. */
  readonly seconds?: number;
  readonly env?: Readonly<Record<string, string>>;
}
