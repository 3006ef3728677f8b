import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Box } from '../box/box.ts';
import { HardwayError } from '../errors.ts';
import type { Report } from '../report/event.ts';
import { $ } from '../shell.ts';

/** What Vagrant keeps of each of its machines. */
export function machinesFolder(folder: string): string {
  return join(resolve(folder, process.env.VAGRANT_DOTFILE_PATH ?? '.vagrant'), 'machines');
}

/** Vagrant's own folder of one machine: identity and key. */
export const machineFolder = (folder: string, machine: string): string =>
  join(machinesFolder(folder), machine, 'lxc');

/** The container that Vagrant believes to be this machine. */
export function knownContainer(folder: string, machine: string): string | undefined {
  const file = join(machineFolder(folder, machine), 'id');
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
}

/** Private keys that may open the machine: its own, or Vagrant's public one until that has been replaced. */
export function keysOf(folder: string, machine: string): readonly string[] {
  const own = join(machineFolder(folder, machine), 'private_key');
  return [existsSync(own) ? own : join(vagrantHome(), 'insecure_private_key')];
}

/** Registers the box unless it is. */
export async function registerBox(box: Box, report: Report): Promise<void> {
  const name = box.name.replaceAll('/', '-VAGRANTSLASH-');
  if (existsSync(join(vagrantHome(), 'boxes', name, box.version, 'lxc', 'metadata.json'))) return;
  await vagrant(['box', 'add', '--force', box.catalog], process.cwd(), report);
}

/** Runs Vagrant there and passes on what it says; throws HardwayError with its last lines when it fails. */
export async function vagrant(words: readonly string[], folder: string, report: Report): Promise<void> {
  const said: string[] = [];
  const run = $({ nothrow: true, cwd: folder })`vagrant ${words} --no-color 2>&1`;
  for await (const line of run) {
    said.push(line);
    const [, machine, text] = /^==> ([^:]+): (.*\S)/.exec(line) ?? [];
    if (machine !== undefined && text !== undefined) report({ type: 'note', machine, text });
  }
  if ((await run).ok) return;
  throw new HardwayError('VAGRANT', `vagrant ${words.join(' ')} failed`, {
    evidence: said.filter((line) => line.trim() !== '').slice(-12),
  });
}

function vagrantHome(): string {
  return process.env.VAGRANT_HOME ?? join(homedir(), '.vagrant.d');
}
