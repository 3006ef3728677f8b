import { spawn } from 'node:child_process';
import { join } from 'node:path';
import type { Told } from './command.ts';
import type { Lab } from './lab.ts';

/** A verb that gets Ctrl-C when it says this, as its user would send it. */
export function interrupted(lab: Lab, when: RegExp, ...words: readonly string[]): Promise<Told> {
  const child = spawn(process.execPath, [join(lab.folder, 'dist/hardway.js'), ...words], {
    cwd: lab.folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  let isSent = false;
  const hear = (chunk: Buffer): void => {
    output += chunk.toString();
    if (isSent || !when.test(output)) return;
    isSent = true;
    child.kill('SIGINT');
  };
  child.stdout.on('data', hear);
  child.stderr.on('data', hear);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, output }));
  });
}
