import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Role } from '../cluster/model.ts';
import { StateError } from '../errors.ts';
import type { State } from './directory.ts';
import { readText } from './read-text.ts';
import { writeAtomic } from './write-atomic.ts';

/** Where one machine is reached; written by that machine's own invocation only. */
export interface Machine {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** Private key files on the operator's machine. */
  readonly keys: readonly string[];
  /** "virtualbox", "lxc", … or "" when it is not Vagrant's. */
  readonly provider: string;
  /** What it was in the cluster: remembered for the day when it is no longer in cluster.json. */
  readonly roles?: readonly Role[];
  readonly address?: string;
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
  const { name, host, port, user, keys, provider, roles, address } = data as Record<string, unknown>;
  const texts = [name, host, user].every((value) => typeof value === 'string' && value !== '');
  const validPort = Number.isInteger(port) && Number(port) > 0 && Number(port) < 65536;
  const validKeys = Array.isArray(keys) && keys.every((key) => typeof key === 'string');
  if (!texts || !validPort || !validKeys || typeof provider !== 'string') return null;
  const known = {
    ...(Array.isArray(roles) ? { roles } : {}),
    ...(typeof address === 'string' ? { address } : {}),
  };
  return { name, host, port, user, keys, provider, ...known } as Machine;
}
