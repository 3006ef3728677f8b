import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { basename, join } from 'node:path';
import { sudo } from '../box/sudo.ts';
import { $ } from '../shell.ts';

const devices = '/sys/class/net';

/** IPv4 ranges ("192.168.56.1/24") by interface, as this host has them now. */
export async function hostAddresses(): Promise<ReadonlyMap<string, readonly string[]>> {
  const answer = await $`ip -json -4 address show`;
  const links = JSON.parse(answer.stdout) as readonly LinkAnswer[];
  return new Map(
    links.flatMap(({ ifname, addr_info: all }) =>
      ifname === undefined ? [] : [[ifname, all.map((one) => `${one.local}/${one.prefixlen}`)]],
    ),
  );
}

/** ip prints an empty object for a link without such an address. */
interface LinkAnswer {
  readonly ifname?: string;
  readonly addr_info: readonly { readonly local: string; readonly prefixlen: number }[];
}

export const linkNames = (): readonly string[] => readdirSync(devices);

export function linkExists(name: string): boolean {
  return existsSync(join(devices, name));
}

/** Whether a process or a container has its other end. */
export function isInUse(name: string): boolean {
  try {
    return readFileSync(join(devices, name, 'carrier'), 'utf8').trim() === '1';
  } catch {
    return false; // not there, or down
  }
}

/** The bridge that an interface hangs on. */
export function masterOf(name: string): string | undefined {
  const link = join(devices, name, 'master');
  return existsSync(link) ? basename(readlinkSync(link)) : undefined;
}

/** What hangs on a bridge. */
export function portsOf(bridge: string): readonly string[] {
  return readdirSync(join(devices, bridge, 'brif'));
}

/** Puts a machine's NIC back on its bridge when the bridge was made again under the running machine. */
export async function attach(link: string, bridge: string): Promise<void> {
  if (!linkExists(link) || masterOf(link) === bridge) return;
  await $`${sudo} ip link set ${link} master ${bridge} up`;
}

/** Both ends of it; fine when it has gone by itself meanwhile. */
export async function removeLink(link: string): Promise<void> {
  await $({ nothrow: true })`${sudo} ip link delete ${link}`;
}
