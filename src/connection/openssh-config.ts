import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { homedir, userInfo } from 'node:os';
import { join } from 'node:path';
import { ConnectionError } from '../errors.ts';
import { gate } from './gate.ts';

/** What OpenSSH's client would do to reach a host. */
export interface ClientSettings {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** Private key files that exist, in their order. */
  readonly keys: readonly string[];
  /** The agent is asked for these keys alone. */
  readonly onlyKeys: boolean;
  /** Socket of the agent; null: none. */
  readonly agent: string | null;
  /** "user@host:port" of each server in between, the nearest first. */
  readonly jumps: readonly string[];
  /** A program that talks to the host; null: the network does. */
  readonly command: string | null;
}

interface Wanted {
  readonly host: string;
  readonly port: number | null;
  readonly user: string | null;
}

/**
 * Asks OpenSSH itself, whose configuration has patterns, includes, conditions and defaults; where it is not installed
 * nobody has configured it. Throws ConnectionError when the configuration cannot be read.
 */
export async function clientSettings(wanted: Wanted): Promise<ClientSettings> {
  const said = isSilent() ? [] : await inTurn(() => ask(wanted));
  const all = (key: string): string[] => said.filter(([name]) => name === key).map(([, value]) => value);
  const one = (key: string): string | undefined => all(key).find((value) => value !== 'none');
  const host = one('hostname') ?? wanted.host;
  const port = wanted.port ?? Number(one('port') ?? 22);
  const user = wanted.user ?? one('user') ?? userInfo().username;
  const filled = (text: string): string => fill(text, { host, port, user, alias: wanted.host });
  const keys = said.length === 0 ? usualKeys : all('identityfile');
  return {
    ...{ host, port, user },
    keys: keys.map((key) => atHome(filled(key))).filter((file) => existsSync(file)),
    onlyKeys: one('identitiesonly') === 'yes',
    agent: agentSocket(all('identityagent')[0]),
    jumps: one('proxyjump')?.split(',') ?? [],
    command: one('proxycommand') === undefined ? null : filled(one('proxycommand') ?? ''),
  };
}

/** A fleet is not asked about all at once. */
const asking = gate(8);

async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  const leave = await asking.enter();
  try {
    return await work();
  } finally {
    leave();
  }
}

/** No file says anything that matters here: nobody need be asked, five hundred times perhaps. */
function isSilent(): boolean {
  if (process.env['HARDWAY_SSH_CONFIG'] !== undefined || existsSync(join(homedir(), '.ssh', 'config')))
    return false;
  return !systemFiles().some((file) => telling.test(readFileSync(file, 'utf8')));
}

const telling = /^\s*(match|hostname|port|user|identity\w+|proxy\w+)\b/im;

function systemFiles(): string[] {
  const folder = process.platform === 'win32' ? 'C:\\ProgramData\\ssh' : '/etc/ssh';
  const more = join(folder, 'ssh_config.d');
  const files = existsSync(more) ? readdirSync(more).map((name) => join(more, name)) : [];
  return [join(folder, 'ssh_config'), ...files].filter((file) => existsSync(file));
}

const usualKeys = ['~/.ssh/id_ed25519', '~/.ssh/id_ecdsa', '~/.ssh/id_rsa'];

type Line = readonly [key: string, value: string];

/** Its settings, line by line; none when it is not installed. */
function ask({ host, port, user }: Wanted): Promise<Line[]> {
  const args = [
    ...(process.env['HARDWAY_SSH_CONFIG'] === undefined ? [] : ['-F', process.env['HARDWAY_SSH_CONFIG']]),
    ...(port === null ? [] : ['-p', String(port)]),
    ...(user === null ? [] : ['-l', user]),
  ];
  return new Promise((resolve, reject) => {
    const done = (error: Error | null, stdout: string, stderr: string): void => {
      if (error === null) return resolve(stdout.split('\n').map(toLine));
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return resolve([]);
      const evidence = stderr.trim().split('\n');
      reject(
        new ConnectionError('authentication', `${host}: OpenSSH’s configuration cannot be used`, {
          evidence,
        }),
      );
    };
    execFile('ssh', ['-G', ...args, '--', host], { timeout: 10_000 }, done).stdin?.end();
  });
}

function toLine(text: string): Line {
  const space = text.indexOf(' ');
  return [text.slice(0, space), text.slice(space + 1).trim()];
}

/** Windows has one well-known pipe; elsewhere the environment tells. */
function agentSocket(configured: string | undefined): string | null {
  if (configured === 'none') return null;
  if (configured !== undefined && configured !== 'SSH_AUTH_SOCK') return atHome(configured);
  const usual = process.platform === 'win32' ? '\\\\.\\pipe\\openssh-ssh-agent' : undefined;
  return process.env['SSH_AUTH_SOCK'] || (usual ?? null);
}

const atHome = (file: string): string => (file.startsWith('~/') ? join(homedir(), file.slice(2)) : file);

/** OpenSSH's tokens, of which it leaves these to the moment of use. */
function fill(
  text: string,
  { host, port, user, alias }: { host: string; port: number; user: string; alias: string },
): string {
  const values: Readonly<Record<string, string>> = {
    ...{ '%': '%', d: homedir(), h: host, n: alias, p: String(port), r: user, u: userInfo().username },
  };
  return text.replace(/%([%dhnpru])/g, (_, token: string) => values[token] ?? '');
}
