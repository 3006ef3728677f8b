import { ConnectionError } from '../errors.ts';
import { registerSecret } from '../report/redact.ts';
import { overTransport } from './over-transport.ts';
import type { Channel, Transport, TransportConnection } from './transport.ts';

export interface SudoOptions {
  /** The login user's password, for machines where sudo asks. */
  readonly password?: string;
}

/** The same connection, as root. Nothing is wrapped when the login user is root already. */
export function withSudo(connection: TransportConnection, options: SudoOptions = {}): TransportConnection {
  return overTransport(sudoTransport(connection.transport, options.password));
}

type Become = 'nothing' | 'sudo' | 'sudo with password';

function sudoTransport(inner: Transport, password: string | undefined): Transport {
  let become: Become | undefined;
  let probing: Promise<Become> | undefined;
  if (password !== undefined) registerSecret(password);

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
      if (become === 'nothing') return inner.exec(command);
      if (become !== 'sudo with password') return inner.exec(`sudo -n -- ${command}`);
      const channel = await inner.exec(`${askingSudo} ${command}`);
      channel.stdin.write(`${password}\n`);
      return channel;
    },
    close: () => inner.close(),
  };
}

// -k: it asks in any case. Otherwise the password would stay in the input as the first line of the script.
const askingSudo = `sudo -S -k -p '' --`;

// -k here too: what sudo remembers now may be forgotten in the middle of the run.
const question = `timeout 20 /bin/sh -c 'echo hw-who $(id -u) $(id -un); LC_ALL=C sudo -k -n true 2>&1 && echo hw-free'`;

async function probe(inner: Transport, password: string | undefined): Promise<Become> {
  const answer = await ask(inner, question);
  const [, id, user = '?'] = /hw-who (\d+) (\S+)/.exec(answer) ?? [];
  if (id === undefined) throw noCommands(inner.label, answer);
  if (id === '0') return 'nothing';
  if (answer.includes('hw-free')) return 'sudo';
  if (/must have a tty/.test(answer)) {
    const remedy = `Add to /etc/sudoers.d/hardway there (with visudo): Defaults:${user} !requiretty`;
    throw notAllowed(inner.label, user, 'sudo wants a terminal (requiretty)', answer, remedy);
  }
  if (/not found/.test(answer))
    throw notAllowed(inner.label, user, 'there is no sudo', answer, 'Install sudo there.');
  if (password === undefined) throw notAllowed(inner.label, user, 'sudo asks for a password', answer);
  const tried = await ask(inner, `timeout 20 ${askingSudo} echo hw-free`, `${password}\n`);
  if (!tried.includes('hw-free'))
    throw notAllowed(inner.label, user, 'sudo does not take the password', tried);
  return 'sudo with password';
}

/** Runs one plain command and returns all it says, on either stream. */
async function ask(inner: Transport, command: string, input = ''): Promise<string> {
  const channel: Channel = await inner.exec(command);
  const said: Buffer[] = [];
  for (const stream of [channel.stdout, channel.stderr])
    stream.on('data', (chunk: Buffer) => said.push(chunk));
  channel.stdin.end(input);
  await channel.closed;
  return Buffer.concat(said).toString('utf8').slice(-4096);
}

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
