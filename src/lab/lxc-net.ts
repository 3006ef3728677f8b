/** lxcbr0, the bridge with DHCP and a way outside, which Debian's lxc package brings. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { sudo } from '../box/sudo.ts';
import { HardwayError } from '../errors.ts';
import { $ } from '../shell.ts';
import { hostAddresses } from './links.ts';

export const lxcBridge = 'lxcbr0';

const flag = '/run/lxc/network_up';
const pidFile = '/run/lxc/dnsmasq.pid';
/** Says, until the next boot, that we started it. */
const mark = '/run/hardway/lxc-net';
const scripts = ['/usr/libexec/lxc/lxc-net', '/usr/lib/lxc/lxc-net'];

/**
 * Starts lxc-net unless it really runs. After an abrupt end its flag says "running" while bridge or DHCP server
 * are gone, and its process number may be somebody else's: both are cleared first, because its script trusts them.
 */
export async function healLxcNet(): Promise<void> {
  if (await runs()) return;
  const claimed = existsSync(flag);
  const [server] = servers();
  if (existsSync(pidFile) && readPid() !== server) await $`${sudo} rm -f ${pidFile}`;
  if (server !== undefined) await $({ nothrow: true })`${sudo} kill ${server}`;
  await $`${sudo} rm -f ${flag}`;
  const start = await $({ nothrow: true })`${sudo} ${control('start')}`;
  await becomesTrue(start.stderr);
  if (!claimed) await $`${sudo} mkdir -p /run/hardway && ${sudo} touch ${mark}`;
}

/** Only when we started it; the caller sees to it that no container needs it any more. */
export async function stopLxcNet(): Promise<void> {
  if (!existsSync(mark)) return;
  await $({ nothrow: true })`${sudo} ${control('stop')}`;
  await $`${sudo} rm -f ${mark}`;
}

async function runs(): Promise<boolean> {
  const addresses = (await hostAddresses()).get(lxcBridge) ?? [];
  return existsSync(flag) && addresses.length > 0 && servers().includes(readPid());
}

/** Another run may be starting it at this moment, so look for a few seconds. */
async function becomesTrue(said: string): Promise<void> {
  for (let attempt = 0; attempt < 20; attempt++) {
    if (await runs()) return;
    await setTimeout(250);
  }
  throw new HardwayError('LAB', `${lxcBridge}, the bridge of Debian's lxc, does not come up`, {
    evidence: said.trim().split('\n'),
    remedy: `Look at what "${control('start').join(' ')}" says.`,
  });
}

/** Process numbers of its DHCP server. */
function servers(): string[] {
  return readdirSync('/proc').filter((entry) => /^\d+$/.test(entry) && isServer(entry));
}

function isServer(pid: string): boolean {
  try {
    const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    return words.includes(`--interface=${lxcBridge}`) && words.includes(`--pid-file=${pidFile}`);
  } catch {
    return false; // ended while we were looking
  }
}

function readPid(): string {
  return existsSync(pidFile) ? readFileSync(pidFile, 'utf8').trim() : '';
}

function control(verb: 'start' | 'stop'): string[] {
  if (existsSync('/run/systemd/system')) {
    return ['systemctl', verb === 'start' ? 'restart' : 'stop', 'lxc-net'];
  }
  return [scripts.find((script) => existsSync(script)) ?? 'lxc-net', verb];
}
