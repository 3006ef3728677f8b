import { sudo } from '../box/sudo.ts';
import { HardwayError } from '../errors.ts';
import { $ } from '../shell.ts';

/** Folder of all containers of this host. */
const containers = '/var/lib/lxc';

export function configFile(container: string): string {
  return `${containers}/${container}/config`;
}

export async function runningContainers(): Promise<readonly string[]> {
  return words((await $`${sudo} lxc-ls -1 --running`).stdout);
}

/** Starting and stopping ones included. */
export async function activeContainers(): Promise<readonly string[]> {
  return words((await $`${sudo} lxc-ls -1 --active`).stdout);
}

export async function allContainers(): Promise<readonly string[]> {
  return words((await $`${sudo} lxc-ls -1`).stdout);
}

/** Those that carry the mark of our folder. */
export async function markedContainers(group: string): Promise<readonly string[]> {
  const line = `lxc.group=${group}`;
  const found = await $({
    nothrow: true,
  })`${sudo} grep --files-with-matches --no-messages --line-regexp --fixed-strings --recursive --include=config --exclude-dir=rootfs --exclude-dir=upper --exclude-dir=var ${line} ${containers}`;
  return words(found.stdout).map((file) => file.slice(containers.length + 1, -'/config'.length));
}

/** Made from our box but never started: its Vagrant process was killed in between, and nothing is in it. */
export async function neverStarted(name: string): Promise<boolean> {
  if ((await activeContainers()).includes(name)) return false;
  const has = async (text: string): Promise<boolean> =>
    (await $({ nothrow: true })`${sudo} grep -q ${text} ${configFile(name)}`).ok;
  return (
    (await has('/var/lib/hardway/roots/')) && !(await has('VAGRANT-BEGIN')) && !(await has('^lxc.group'))
  );
}

/** As pulling the plug; nothing happens to one that is off. */
export async function killContainer(name: string): Promise<void> {
  await $({ nothrow: true })`${sudo} lxc-stop --kill --name ${name}`;
}

export async function removeContainer(name: string): Promise<void> {
  await killContainer(name);
  const destroyed = await $({ nothrow: true })`${sudo} lxc-destroy --name ${name}`;
  if (destroyed.ok) return;
  throw new HardwayError('LAB', `the container ${name} cannot be removed`, {
    evidence: destroyed.stderr.trim().split('\n'),
    remedy: `Try it by hand: sudo lxc-destroy --force --name ${name}`,
  });
}

function words(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== '');
}
