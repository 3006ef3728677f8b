/** The two ways to write how a machine is reached, as one. */
import { isAbsolute, join, resolve } from 'node:path';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import type { SshEntry } from './description.ts';
import type { SshTarget } from './model.ts';

export interface ParsedSsh {
  readonly entry: SshEntry;
  /** The NIC named in "user@host/nic". */
  readonly interface: string | null;
}

export function parseSsh(ssh: string | SshEntry): ParsedSsh {
  if (typeof ssh !== 'string') return { entry: ssh, interface: null };
  const [user = '', place = ''] = ssh.split('@');
  const [host = '', nic = null] = place.split('/');
  return { entry: { user, host }, interface: nic };
}

/** Key files become absolute paths; `folder` is where cluster.json lies. */
export function toTarget({ host, port, user, keys }: SshEntry, folder: string): SshTarget {
  return {
    host,
    port: port ?? 22,
    user,
    keys: keys === undefined ? usualKeys() : keys.map((key) => keyFile(key, folder)),
  };
}

/** The keys that ssh itself would try. */
const usualKeys = (): string[] =>
  ['id_ed25519', 'id_ecdsa', 'id_rsa']
    .map((name) => join(homedir(), '.ssh', name))
    .filter((file) => existsSync(file));

function keyFile(key: string, folder: string): string {
  if (key.startsWith('~/')) return join(homedir(), key.slice(2));
  return isAbsolute(key) ? key : resolve(folder, key);
}
