import { setTimeout as sleep } from 'node:timers/promises';
import { ConnectionError } from '../errors.ts';
import { registerSecret } from '../report/redact.ts';
import { overTransport } from './over-transport.ts';
import { quote } from './quote.ts';
import type { Channel, Transport, TransportConnection } from './transport.ts';

export interface SudoOptions {
  /** Gives the login user's password; called only for a machine where sudo asks. */
  readonly password?: () => Promise<string>;
}

/** The same connection, as root. Nothing is wrapped when the login user is root already. */
export function withSudo(connection: TransportConnection, options: SudoOptions = {}): TransportConnection {
  return overTransport(sudoTransport(connection.transport, options.password));
}

/** How a command becomes root's. */
interface Become {
  readonly command: (words: string) => string;
  /** Written before anything else. */
  readonly password?: string;
}

function sudoTransport(inner: Transport, password: SudoOptions['password']): Transport {
  let become: Become | undefined;
  let probing: Promise<Become> | undefined;

  return {
    label: inner.label,
    async connect() {
      await inner.connect();
      if (become !== undefined) return;
      // One question, however many ask at the same time.
      probing ??= probe(inner, password).finally(() => (probing = undefined));
      become = await probing;
    },
    async exec(command) {
      const channel = await inner.exec((become?.command ?? freely)(command));
      if (become?.password !== undefined) channel.stdin.write(`${become.password}\n`);
      return channel;
    },
    close: () => inner.close(),
  };
}

const freely = (command: string): string => `sudo -n -- ${command}`;
// -k: it asks in any case. Otherwise the password would stay in the input as the first line of the script.
const asking = (command: string): string => `sudo -S -k -p '' -- ${command}`;

/** A sudo that wants a terminal has one; input and output go past it, as they are. */
const onTerminal = (command: string): string => {
  const inside = quote(`${command} <&3 >&4 2>&5 3<&- 4>&- 5>&-`);
  return `/bin/sh -c ${quote(
    `exec 3<&0 4>&1 5>&2 </dev/null >/dev/null; export SHELL=/bin/sh; exec script -qec ${inside} /dev/null`,
  )}`;
};

// -k here too: what sudo remembers now may be forgotten in the middle of the run.
const question = `timeout 20 /bin/sh -c 'echo hw-who $(id -u) $(id -un); command -v script >/dev/null && echo hw-script; LC_ALL=C sudo -k -n true 2>&1 && echo hw-free'`;

async function probe(inner: Transport, given: SudoOptions['password']): Promise<Become> {
  const answer = await ask(inner, question);
  const [, id, user = '?'] = /hw-who (\d+) (\S+)/.exec(answer) ?? [];
  if (id === undefined) throw noCommands(inner.label, answer);
  if (id === '0') return { command: (words) => words };
  if (answer.includes('hw-free')) return { command: freely };
  if (/not found/.test(answer))
    throw notAllowed(inner.label, user, 'there is no sudo', answer, 'Install sudo there.');
  const wants = /must have a tty/.test(answer);
  if (wants && !answer.includes('hw-script')) {
    const remedy = `Add to /etc/sudoers.d/hardway there (with visudo): Defaults:${user} !requiretty`;
    throw notAllowed(inner.label, user, 'sudo wants a terminal (requiretty)', answer, remedy);
  }
  const place = wants ? onTerminal : (words: string) => words;
  const tells = async (how: (words: string) => string, input = ''): Promise<string> =>
    ask(inner, `timeout 20 ${place(how('echo hw-free'))}`, input);
  if (wants && (await tells(freely)).includes('hw-free')) return { command: (words) => place(freely(words)) };
  if (given === undefined) throw notAllowed(inner.label, user, 'sudo asks for a password', answer);
  const password = await given();
  registerSecret(password);
  const tried = await tells(asking, `${password}\n`);
  if (!tried.includes('hw-free'))
    throw notAllowed(inner.label, user, 'sudo does not take the password', tried);
  return { command: (words) => place(asking(words)), password };
}

/** Seconds in which a login shell runs a plain command. */
const SHELL = 30;

/** Runs one plain command and returns all it says, on either stream. */
async function ask(inner: Transport, command: string, input = ''): Promise<string> {
  let channel: Channel | undefined;
  const said: Buffer[] = [];
  const answered = async (): Promise<void> => {
    channel = await inner.exec(command);
    for (const stream of [channel.stdout, channel.stderr])
      stream.on('data', (chunk: Buffer) => said.push(chunk));
    channel.stdin.end(input);
    await channel.closed;
  };
  const over = new AbortController();
  const late = sleep(SHELL * 1000, undefined, { signal: over.signal }).then(
    () => Promise.reject(noAnswer(inner.label)),
    () => undefined,
  );
  try {
    await Promise.race([answered(), late]);
  } catch (error) {
    channel?.abandon();
    throw error;
  } finally {
    over.abort();
  }
  return Buffer.concat(said).toString('utf8').slice(-4096);
}

const noAnswer = (label: string): ConnectionError =>
  new ConnectionError('timeout', `${label}: its login shell ran no command within ${SHELL} s`, {
    remedy: 'Look at the start-up files there (~/.bashrc, /etc/profile.d), and whether its home answers.',
  });

/** The account opens, but what we ask for is not run. */
function noCommands(label: string, answer: string): ConnectionError {
  const evidence = said(answer);
  if (/password has expired|password change required/i.test(answer)) {
    return new ConnectionError('authentication', `${label}: the password of its login user has expired`, {
      evidence,
      remedy: 'Set a new one there (passwd <user>); it is asked for although a key opens the account.',
    });
  }
  return new ConnectionError('authentication', `${label}: its login shell ends before it runs a command`, {
    evidence,
    remedy: 'Look at the start-up files there (~/.bashrc, /etc/profile.d): none may exit or wait for input.',
  });
}

/** Its lines without ours. */
const said = (answer: string): string[] =>
  answer
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('hw-'));

function notAllowed(
  label: string,
  user: string,
  why: string,
  answer: string,
  remedy?: string,
): ConnectionError {
  return new ConnectionError('sudo', `${label}: ${user} may not become root: ${why}`, {
    evidence: said(answer),
    remedy: remedy ?? `Add to /etc/sudoers.d/hardway there (with visudo): ${user} ALL=(ALL) NOPASSWD: ALL`,
  });
}
