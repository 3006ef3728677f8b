import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import type { SecretSource } from '../cluster/model.ts';
import { UsageError } from '../errors.ts';
import { registerSecret } from '../report/redact.ts';
import { terminal } from '../report/terminal.ts';

/** Gives secrets that cluster.json only says where to find; each is asked for once, and the questions one by one. */
export function secrets(): (source: SecretSource, what: string) => Promise<string> {
  const known = new Map<string, Promise<string>>();
  let turn: Promise<unknown> = Promise.resolve();

  return (source, what) => {
    const key = source === 'ask' ? what : source;
    const given = known.get(key);
    if (given !== undefined) return given;
    const answer = source === 'ask' ? turn.then(() => ask(what)) : fromVariable(source, what);
    turn = answer.catch(() => undefined);
    known.set(key, answer);
    return answer;
  };
}

async function fromVariable(source: SecretSource, what: string): Promise<string> {
  const name = source.slice('env:'.length);
  const value = process.env[name];
  if (value !== undefined && value !== '') return kept(value);
  throw new UsageError(`${what} comes from the variable ${name}, which is not set`, {
    remedy: `Set it for this command only, such as by: read -rs ${name}; export ${name}`,
  });
}

/** On the terminal, without showing what is typed. Throws UsageError when there is none. */
async function ask(what: string): Promise<string> {
  const { stdin, stderr } = process;
  if (stdin.isTTY !== true || stderr.isTTY !== true) {
    throw new UsageError(`${what} is asked for, and there is no terminal to ask on`, {
      remedy: 'Say "env:NAME" instead of "ask" in cluster.json, and set that variable.',
    });
  }
  const release = terminal.hold();
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: stdin, output: nowhere, terminal: true });
  stderr.write(`${what}: `);
  try {
    return await new Promise((resolve, reject) => {
      const refuse = (): void => reject(new UsageError(`${what} was not given`));
      lines.once('line', (line) => resolve(kept(line)));
      lines.once('SIGINT', refuse);
      lines.once('close', refuse);
    });
  } finally {
    lines.close();
    stderr.write('\n');
    release();
  }
}

function kept(secret: string): string {
  registerSecret(secret);
  return secret;
}
