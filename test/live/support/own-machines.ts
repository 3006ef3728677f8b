import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { buildBox } from '../../../src/box/build.ts';
import { readRecipe } from '../../../src/box/recipe.ts';
import { loadCluster } from '../../../src/cluster/load.ts';
import { nth, parseRange } from '../../../src/cluster/ranges.ts';
import { bridgeName, groupName } from '../../../src/lab/names.ts';
import { healBridges } from '../../../src/lab/network.ts';
import { labs, removeStrays } from './clean.mjs';
import { command, type Told } from './command.ts';

const root = join(import.meta.dirname, '..', '..', '..');

/** A machine that somebody set up by hand: Debian, sshd, sudo, a NIC that leads outside and one to its peers. */
export interface OwnMachine {
  readonly name: string;
  /** Of the NIC on the cluster's network. */
  readonly nic: string;
  readonly address: string;
  /** Files and folders of this host that are there at the same place. */
  readonly shares?: readonly string[];
  /** Done as root inside when it has started for the first time. */
  readonly prepare?: string;
}

export interface OwnMachines {
  readonly folder: string;
  /** Opens root's account and admin's on each of them. */
  readonly key: string;
  start(...names: string[]): Promise<void>;
  /** As pulling the plug. */
  kill(name: string): void;
  /** Runs a script as root inside, not over SSH. Throws when it fails. */
  inside(name: string, script: string): string;
  hardway(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<Told>;
}

/**
 * Makes the machines of an empty folder's cluster.json, switched off; Vagrant never hears of them. They carry the
 * folder's mark: whatever clears labs away clears these.
 */
export async function ownMachines(
  name: string,
  description: object,
  machines: readonly OwnMachine[],
): Promise<OwnMachines> {
  const folder = join(labs, name);
  if (!existsSync(folder)) removeStrays(name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'cluster.json'), JSON.stringify(description, null, 2));
  const cluster = loadCluster(join(folder, 'cluster.json'));
  const container = (machine: string): string => `${machine}.${name}`;
  const key = join(folder, 'key');
  if (!existsSync(key)) execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key]);
  await healBridges(cluster);
  const box = await buildBox({
    recipe: readRecipe(),
    form: 'bare',
    provider: 'lxc',
    report: () => undefined,
  });
  const parts = join(folder, 'box');
  mkdirSync(parts, { recursive: true });
  execFileSync('tar', ['-xf', box.file, '-C', parts]);
  const { prefix } = parseRange(cluster.network.machineCidr);
  for (const { name: machine, nic, address, shares = [] } of machines) {
    const config = join(parts, `${machine}.conf`);
    writeFileSync(config, '');
    const template = [
      '--id',
      box.id,
      '--tarball',
      join(parts, 'rootfs.tar.gz'),
      '--config',
      join(parts, 'lxc-config'),
    ];
    const made = ['-n', container(machine), '-f', config, '-t', join(parts, 'lxc-template')];
    execFileSync('lxc-create', [...made, '--', ...template], { stdio: 'pipe' });
    const more = [
      `lxc.group=${groupName(cluster.name, folder)}`,
      'lxc.net.1.type = veth',
      `lxc.net.1.link = ${bridgeName(cluster.name)}`,
      'lxc.net.1.flags = up',
      `lxc.net.1.name = ${nic}`,
      `lxc.net.1.ipv4.address = ${address}/${prefix}`,
      'lxc.mount.entry = tmpfs tmp tmpfs nodev,nosuid,size=2G 0 0',
      ...shares.map((path) => {
        const kind = statSync(path).isDirectory() ? 'dir' : 'file';
        return `lxc.mount.entry = ${path} ${path.slice(1)} none bind,create=${kind} 0 0`;
      }),
    ];
    const file = `/var/lib/lxc/${container(machine)}/config`;
    writeFileSync(file, `${readFileSync(file, 'utf8')}${more.join('\n')}\n`);
  }
  rmSync(parts, { recursive: true });

  const inside = (machine: string, script: string): string =>
    execFileSync('lxc-attach', ['-n', container(machine), '--', 'sh', '-e'], {
      ...{ input: script, encoding: 'utf8', env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' } },
    });
  const prepared = new Set<string>();
  async function start(...names: string[]): Promise<void> {
    for (const machine of names) execFileSync('lxc-start', ['-n', container(machine)]);
    for (const machine of names) {
      const boots = (): boolean => {
        try {
          return /running|degraded/.test(inside(machine, 'systemctl is-system-running || true'));
        } catch {
          return false;
        }
      };
      for (let attempt = 0; !boots(); attempt += 1) {
        if (attempt === 300) throw new Error(`${machine} does not start`);
        await sleep(200);
      }
      if (prepared.has(machine)) continue;
      prepared.add(machine);
      inside(
        machine,
        `${settingUp(readFileSync(`${key}.pub`, 'utf8').trim())}\n${machineNamed(machine, machines)}`,
      );
    }
  }
  return {
    ...{ folder, key, start, inside },
    kill: (machine) => void execFileSync('lxc-stop', ['--kill', '-n', container(machine)]),
    hardway: (args, env = {}) =>
      command(process.execPath, [join(root, 'dist/hardway.js'), ...args], { cwd: folder, env }),
  };
}

const machineNamed = (name: string, machines: readonly OwnMachine[]): string =>
  machines.find((machine) => machine.name === name)?.prepare ?? '';

/** What an owner does; nothing reminds of a box, and no tool is there that a minimal Debian does not have. */
const settingUp = (key: string): string => `userdel -r vagrant 2>/dev/null || true
rm -f /etc/sudoers.d/vagrant
useradd --create-home --shell /bin/bash admin
for home in /root /home/admin; do
  install -d -m 700 $home/.ssh
  echo '${key}' >$home/.ssh/authorized_keys
done
chown -R admin: /home/admin/.ssh
echo 'admin ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/admin
rm -f /usr/bin/curl /usr/bin/python3 /usr/bin/git
! command -v curl && ! command -v python3 && ! command -v git && ! command -v wget`;

/** The address of this computer on the machines' network. */
export const hostAddress = (machineCidr: string): string => nth(parseRange(machineCidr), 1);
