import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import ssh2 from 'ssh2';
import type { BaseAgent, ParsedKey, SignCallback, SigningRequestOptions } from 'ssh2';

/** Keys of an SSH agent that may be used for one machine. */
export interface AgentKeys {
  readonly agent: BaseAgent;
  readonly count: number;
}

/** Milliseconds that an agent has to say which keys it holds. */
const patience = 2000;

/** By socket: all machines of a fleet are opened by the same agent. */
const asked = new Map<string, Promise<readonly ParsedKey[]>>();

/** The public keys that it holds; none when it is not there or says nothing. */
export function agentHolds(socket: string): Promise<readonly ParsedKey[]> {
  const known = asked.get(socket);
  if (known !== undefined) return known;
  const answer = ask(socket).catch(() => []);
  asked.set(socket, answer);
  return answer;
}

async function ask(socket: string): Promise<readonly ParsedKey[]> {
  const stream = await streamTo(socket);
  const question = new ssh2.AgentProtocol(true);
  const answer = new Promise<readonly ParsedKey[]>((resolve) => {
    question.getIdentities((error, keys = []) => resolve(error ? [] : keys));
  });
  stream
    .on('error', () => undefined)
    .pipe(question)
    .pipe(stream);
  try {
    return await Promise.race([answer, sleep(patience, [], { ref: false })]);
  } finally {
    stream.destroy(); // one that says nothing must not keep us either
  }
}

const streamTo = (socket: string): Promise<Duplex> =>
  new Promise((resolve, reject) => {
    ssh2.createAgent(socket).getStream?.((error, stream) => {
      if (stream === undefined) reject(error ?? new Error('no stream'));
      else resolve(stream as Duplex);
    });
  });

/** The agent, as if it held only these; null when they are none. */
export function agentWith(socket: string, keys: readonly ParsedKey[]): AgentKeys | null {
  if (keys.length === 0) return null;
  return { agent: new Narrowed(ssh2.createAgent(socket), keys), count: keys.length };
}

class Narrowed extends ssh2.BaseAgent<ParsedKey> {
  private readonly inner: BaseAgent;
  private readonly keys: readonly ParsedKey[];

  constructor(inner: BaseAgent, keys: readonly ParsedKey[]) {
    super();
    this.inner = inner;
    this.keys = keys;
  }

  override getIdentities(answer: (error?: Error, keys?: ParsedKey[]) => void): void {
    answer(undefined, [...this.keys]);
  }

  override sign(
    key: ParsedKey,
    data: Buffer,
    options: SigningRequestOptions | SignCallback,
    done?: SignCallback,
  ): void {
    if (typeof options === 'function') this.inner.sign(key, data, options);
    else this.inner.sign(key, data, options, done);
  }
}
