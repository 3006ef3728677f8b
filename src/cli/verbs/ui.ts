import { execFile, spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { promisify } from 'node:util';
import { HardwayError, UsageError } from '../../errors.ts';
import { registerSecret } from '../../report/redact.ts';
import { clientProgram, kubeconfigOf } from '../client.ts';
import { exitCode } from '../exit-codes.ts';
import type { Web } from '../hand.ts';
import type { Product } from '../product.ts';
import { openSession } from '../session.ts';
import { untilInterrupted } from '../until-interrupted.ts';
import { type Verb, verb } from '../verb.ts';

const PORT = '4466';

export const ui = (product: Product): Verb =>
  verb(
    'ui',
    'Open the web interface on this computer’s loopback, with a token for logging in, until Ctrl-C',
    (yargs) =>
      yargs
        .option('port', { type: 'string', default: PORT, describe: 'the port here' })
        .example('$0 ui', `http://127.0.0.1:${PORT}, for this computer alone`),
    async (given) => {
      const { cluster, state } = openSession(given);
      const { client, web } = await product.hand();
      if (cluster.addons[web.addon] === undefined) {
        throw new UsageError(`addons.${web.addon} is off: there is no web interface`, {
          remedy: `Write "addons": {"${web.addon}": true} in cluster.json, then: hardway up`,
        });
      }
      const port = await freePort(String(given['port']));
      const env = { ...process.env, KUBECONFIG: kubeconfigOf(state) };
      await open(await clientProgram(client, cluster), web, port, env);
      return exitCode.done;
    },
  );

async function freePort(text: string): Promise<number> {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port < 1 || port > 65535) throw new UsageError(`--port ${text} is no port`);
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', ({ message }) =>
      reject(
        new UsageError(`port ${port} of this computer cannot be used`, {
          evidence: [message],
          remedy: 'Name another one: --port 8080.',
        }),
      ),
    );
    server.listen(port, '127.0.0.1', () => server.close(() => resolve()));
  });
  return port;
}

/** Milliseconds for the client to say that it listens, and to make a token. */
const PATIENCE = 30_000;

async function open(program: string, web: Web, port: number, env: NodeJS.ProcessEnv): Promise<void> {
  const { signal, release } = untilInterrupted();
  const forwarding = spawn(program, web.forward(port), { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const said: string[] = [];
  const ended = new Promise<void>((resolve) => forwarding.once('close', () => resolve()));
  try {
    const listening = new Promise<void>((resolve) => {
      for (const stream of [forwarding.stdout, forwarding.stderr]) {
        stream.on('data', (chunk: Buffer) => {
          said.push(...chunk.toString().split('\n').filter(Boolean));
          if (web.listening.test(said.join('\n'))) resolve();
        });
      }
    });
    const interrupted = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
    const late = AbortSignal.timeout(PATIENCE);
    const tooLate = new Promise<void>((resolve) => late.addEventListener('abort', () => resolve()));
    await Promise.race([listening, ended, interrupted, tooLate]);
    if (signal.aborted) return;
    if (forwarding.exitCode !== null || late.aborted) throw closed(web, said);
    const token = await tokenFrom(program, web, env);
    process.stdout.write(
      `http://127.0.0.1:${port}\n\ntoken, good for one hour:\n${token}\n\nCtrl-C ends it\n`,
    );
    await Promise.race([ended, interrupted]);
    if (!signal.aborted) throw closed(web, said);
  } finally {
    release();
    forwarding.kill();
    await ended;
  }
}

const closed = ({ addon }: Web, said: readonly string[]): HardwayError =>
  new HardwayError('UI', `${addon} cannot be reached`, {
    evidence: said.slice(-3),
    remedy: `hardway kubectl get pods -A tells whether ${addon} runs; hardway up mends what it can.`,
  });

/** For the eyes of whoever asked; everything else that we write leaves it out. */
async function tokenFrom(program: string, web: Web, env: NodeJS.ProcessEnv): Promise<string> {
  const made = await promisify(execFile)(program, [...web.token], { env, timeout: PATIENCE }).catch(
    ({ stderr = '' }: { stderr?: string }) => {
      throw new HardwayError('UI', `the cluster gives no token for ${web.addon}`, {
        evidence: stderr.trim().split('\n').slice(-3),
      });
    },
  );
  const token = made.stdout.trim();
  registerSecret(token);
  return token;
}
