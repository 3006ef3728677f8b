import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { Lab } from './lab.ts';

export interface Polled {
  readonly good: number;
  /** "<seconds since the beginning> <what went wrong>" */
  readonly bad: readonly string[];
  /** The longest time between two calls that were answered, in seconds. */
  readonly silence: number;
}

/** Calls the API every tenth of a second, each time with the kubeconfig as it is then and over a new connection. */
export function pollApi(lab: Lab): { stop(): Promise<Polled> } {
  const began = Date.now();
  const bad: string[] = [];
  let good = 0;
  let silence = 0;
  let answered = began;
  let goesOn = true;
  const ended = (async () => {
    while (goesOn) {
      const problem = await namespaces(join(lab.folder, '.hardway', 'kubeconfig'));
      if (problem === null) {
        good += 1;
        silence = Math.max(silence, (Date.now() - answered) / 1000);
        answered = Date.now();
      } else bad.push(`${((Date.now() - began) / 1000).toFixed(1)} ${problem}`);
      await setTimeout(100);
    }
  })();
  return {
    async stop() {
      goesOn = false;
      await ended;
      return { good, bad, silence: Math.max(silence, (Date.now() - answered) / 1000) };
    },
  };
}

/** What went wrong with one call; null: nothing. */
export function namespaces(kubeconfig: string): Promise<string | null> {
  const text = readFileSync(kubeconfig, 'utf8');
  const data = (key: string): Buffer =>
    Buffer.from(new RegExp(`${key}: *"?([A-Za-z0-9+/=]+)`).exec(text)?.[1] ?? '', 'base64');
  const server = new URL(/server: *"?([^"\n]+)/.exec(text)?.[1] ?? '');
  return new Promise((resolve) => {
    const call = request(
      {
        ...{
          host: server.hostname,
          port: server.port,
          path: '/api/v1/namespaces',
          agent: false,
          timeout: 5000,
        },
        ...{ ca: data('certificate-authority-data'), cert: data('client-certificate-data') },
        key: data('client-key-data'),
      },
      (answer) => {
        answer.resume();
        answer.on('error', () => undefined);
        // Also when it was cut off in the middle.
        answer.on('close', () => {
          if (!answer.complete) resolve('half an answer');
          else resolve(answer.statusCode === 200 ? null : `HTTP ${answer.statusCode}`);
        });
      },
    );
    call.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    call.on('timeout', () => call.destroy(new Error('no answer')));
    call.end();
  });
}
