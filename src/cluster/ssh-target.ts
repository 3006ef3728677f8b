/** The ways to write how a machine is reached, as one. */
import { isAbsolute, join, resolve } from 'node:path';
import { homedir } from 'node:os';
import type { SshEntry } from './description.ts';
import type { SshTarget } from './model.ts';

export interface ParsedSsh {
  /** local: the operator's own machine. */
  readonly entry: SshEntry | 'local';
  /** The NIC named in "user@host/nic". */
  readonly interface: string | null;
}

export function parseSsh(ssh: string | SshEntry): ParsedSsh {
  if (typeof ssh !== 'string') return { entry: ssh, interface: null };
  const [place = '', nic = null] = ssh.split('/');
  const [host = '', user] = place.split('@').reverse();
  if (place === 'local') return { entry: 'local', interface: nic };
  return { entry: user === undefined ? { host } : { user, host }, interface: nic };
}

/** Key files become absolute paths; `folder` is where cluster.json lies. */
export function toTarget(entry: SshEntry, folder: string): SshTarget {
  const { host, port = null, user = null, keys, bastion } = entry;
  return {
    ...{ host, port, user },
    keys: keys?.map((key) => keyFile(key, folder)) ?? null,
    agent: entry.agent ?? true,
    passphrase: entry.passphrase ?? null,
    sudoPassword: entry.sudoPassword ?? null,
    hostKey: entry.hostKey ?? null,
    bastion: bastion === undefined ? null : toTarget(entryOf(bastion), folder),
  };
}

/** Nobody's own machine is a bastion: there the word is a name like any other. */
function entryOf(written: string | SshEntry): SshEntry {
  const { entry } = parseSsh(written);
  return entry === 'local' ? { host: entry } : entry;
}

/** As people write it: "admin@10.0.0.12:2222 through gate". */
export function targetText(target: SshTarget | 'local'): string {
  if (target === 'local') return 'this computer';
  const { user, host, port, bastion } = target;
  const through = bastion === null ? '' : ` through ${targetText(bastion)}`;
  return `${user === null ? '' : `${user}@`}${host}${port === null ? '' : `:${port}`}${through}`;
}

function keyFile(key: string, folder: string): string {
  if (key.startsWith('~/')) return join(homedir(), key.slice(2));
  return isAbsolute(key) ? key : resolve(folder, key);
}
