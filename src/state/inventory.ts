import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Role, SshTarget } from '../cluster/model.ts';
import { StateError } from '../errors.ts';
import type { State } from './directory.ts';
import { readText } from './read-text.ts';
import { writeAtomic } from './write-atomic.ts';

/** How one machine is reached; written by that machine's own invocation only. */
export interface Machine extends Way {
  readonly name: string;
  /** "virtualbox", "lxc", …; "" when cluster.json tells of it, "local" when it is the operator's own. */
  readonly provider: string;
  /** What it was in the cluster: remembered for the day when it is no longer in cluster.json. */
  readonly roles?: readonly Role[];
  readonly address?: string;
}

/** Vagrant tells the first four, and means exactly these. */
type Way = Pick<SshTarget, 'host' | 'port' | 'user' | 'keys'> & Partial<SshTarget>;

/** A machine that cluster.json tells of. */
export const ownMachine = (name: string, ssh: SshTarget | 'local'): Machine =>
  ssh === 'local'
    ? { name, host: 'localhost', port: null, user: null, keys: null, provider: 'local' }
    : { name, ...ssh, provider: '' };

export function targetOf({ provider, ...machine }: Machine): SshTarget | 'local' {
  if (provider === 'local') return 'local';
  const { host, port, user, keys, agent = false, passphrase = null, sudoPassword = null } = machine;
  const { hostKey = null, bastion = null } = machine;
  return { host, port, user, keys, agent, passphrase, sudoPassword, hostKey, bastion };
}

/** All machines that are there now, by name; read it again to see who arrived meanwhile. */
export async function readInventory(state: State): Promise<Machine[]> {
  const files = (await namesIn(state.path('inventory'))).filter((name) => /^[^.].*\.json$/.test(name)).sort();
  const machines = await Promise.all(files.map((file) => readMachine(state.path('inventory', file), file)));
  return machines.filter((machine) => machine !== null);
}

/** One machine, or null when nobody has told of it. */
export const readOne = (state: State, name: string): Promise<Machine | null> =>
  readMachine(fileOf(state, name), `${name}.json`);

export async function writeMachine(state: State, machine: Machine): Promise<void> {
  await writeAtomic(fileOf(state, machine.name), `${JSON.stringify(machine, null, 2)}\n`);
}

export async function removeMachine(state: State, name: string): Promise<void> {
  await rm(fileOf(state, name), { force: true });
}

function fileOf(state: State, name: string): string {
  if (!/^[A-Za-z0-9][A-Za-z0-9.-]*$/.test(name))
    throw new StateError(`${JSON.stringify(name)} is no machine name`);
  return join(state.path('inventory'), `${name}.json`);
}

async function namesIn(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

async function readMachine(path: string, file: string): Promise<Machine | null> {
  const text = await readText(path);
  if (text === null) return null; // removed while we were reading
  const machine = parse(text);
  if (!machine || `${machine.name}.json` !== file) {
    throw new StateError(`${path} is damaged`, { remedy: `Remove it and provision that machine again.` });
  }
  return machine;
}

function parse(text: string): Machine | null {
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof data !== 'object' || data === null) return null;
  const { name, provider, roles, address } = data as Record<string, unknown>;
  if (!isText(name) || typeof provider !== 'string' || !isWay(data)) return null;
  const known = {
    ...(Array.isArray(roles) ? { roles } : {}),
    ...(typeof address === 'string' ? { address } : {}),
  };
  return { ...wayIn(data), name, provider, ...known };
}

const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';

function isWay(data: object): data is Way {
  const { host, port, user, keys, agent = false, bastion = null, ...more } = data as Record<string, unknown>;
  const validPort = port === null || (Number.isInteger(port) && Number(port) > 0 && Number(port) < 65536);
  const validKeys = keys === null || (Array.isArray(keys) && keys.every((key) => typeof key === 'string'));
  const texts = [more['passphrase'], more['sudoPassword'], more['hostKey']].map((text) => text ?? null);
  return (
    isText(host) &&
    validPort &&
    (user === null || isText(user)) &&
    validKeys &&
    typeof agent === 'boolean' &&
    texts.every((text) => text === null || isText(text)) &&
    (bastion === null || (typeof bastion === 'object' && isWay(bastion)))
  );
}

/** Without what somebody else may have written there. */
function wayIn({ host, port, user, keys, ...more }: Way): Way {
  const { agent, passphrase, sudoPassword, hostKey, bastion } = more;
  const rest = { agent, passphrase, sudoPassword, hostKey, bastion };
  const told = Object.entries(rest).filter(([, value]) => value !== undefined);
  return { host, port, user, keys, ...(Object.fromEntries(told) as Partial<SshTarget>) };
}
