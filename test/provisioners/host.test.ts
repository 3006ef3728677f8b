import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Connection } from '../../src/connection/connection.ts';
import { localConnection } from '../../src/connection/local.ts';
import type { Resource } from '../../src/engine/resource.ts';
import { bring, drift } from '../resources/bench.ts';
import { cluster } from './machines.ts';
import { planFor, resourcesOf } from './scratch.ts';

const resources = resourcesOf(planFor('vm-cgroup-v2'), 'minion-1').map(({ resource }) => resource);
const named = (id: string): Resource => {
  const found = resources.find((resource) => resource.id === id);
  if (found === undefined) throw new Error(`the recipe has no ${id}`);
  return found;
};

/** This machine with other programs and some of its files elsewhere. */
function machine(programs: Readonly<Record<string, string>>, files: Readonly<Record<string, string>>) {
  const folder = mkdtempSync(join(tmpdir(), 'hardway-host-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  mkdirSync(join(folder, 'bin'));
  for (const [name, script] of Object.entries(programs)) {
    writeFileSync(join(folder, 'bin', name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(folder, 'bin', name), 0o755);
  }
  const at = (path: string): string => join(folder, path.replaceAll('/', '_'));
  const moved = ['/var/lib/hardway', ...Object.keys(files)].map((path): [string, string] => [path, at(path)]);
  const elsewhere = (text: string): string =>
    moved.reduce((found, [from, to]) => found.replaceAll(from, to), text);
  for (const [path, text] of Object.entries(files)) writeFileSync(at(path), text);
  const local = localConnection();
  const connection: Connection = {
    ...local,
    run: (script, options) => local.run(`PATH=${folder}/bin:$PATH\n${elsewhere(script)}`, options),
  };
  return { connection, read: (path: string) => readFileSync(elsewhere(path), 'utf8') };
}

describe('what the kernel can', () => {
  const features = named('kernel:features');
  const listed = (text: string) => ({ '/proc/filesystems': text, '/proc/sys/net/bridge': '' });
  const built = 'nodev\toverlay\n';

  it('counts, not the list of modules: built in is there', async () => {
    const { connection } = machine({}, { '/proc/filesystems': built });
    // This host filters bridges itself or not; either way the feature is what is asked for.
    expect(await drift(features, connection)).not.toContain('overlay: false → true');
    expect(await drift(features, machine({}, listed('nodev\tproc\n')).connection)).toEqual([
      'br_netfilter: false → true',
      'overlay: false → true',
    ]);
  });

  it('not and cannot learn is told in the words of modprobe', async () => {
    const words = 'modprobe: FATAL: Module br_netfilter not found in directory /lib/modules/6.1.0';
    const { connection } = machine({ modprobe: `echo '${words}' >&2; exit 1` }, listed(''));
    await expect(bring(features, connection)).rejects.toMatchObject({
      message: 'here: kernel:features failed (exit 1)',
      evidence: expect.arrayContaining([words]) as string[],
    });
  });
});

describe('swap', () => {
  const fstab = '/dev/sda1 / ext4 defaults 0 1\n/dev/sda2 none swap sw 0 0\n# /dev/sda3 none swap sw 0 0\n';
  const swaps = 'Filename Type Size Used Priority\n/dev/sda2 partition 1 0 -2\n';

  it('in use or in fstab is switched off in both places, and the line can be put back', async () => {
    const { connection, read } = machine({ swapoff: 'true' }, { '/etc/fstab': fstab, '/proc/swaps': swaps });
    expect(await drift(named('host:swap'), connection)).toEqual(['active: 1 → 0', 'in fstab: 1 → 0']);
    await bring(named('host:swap'), connection);
    expect(read('/etc/fstab').split('\n')[1]).toBe('# hardway: /dev/sda2 none swap sw 0 0');
    expect(read('/etc/fstab').replace(/^# hardway: /m, '')).toBe(fstab);
  });

  it('that systemd starts by itself is masked, and remembered', async () => {
    const units = 'dev-zram0.swap generated -\\nswap.swap masked enabled\\nold.swap disabled enabled\\n';
    const { connection, read } = machine(
      {
        systemctl: `case "$1" in list-unit-files) printf '${units}' | grep -vF "$(cat "$0.masked" 2>/dev/null || echo none)";;
mask) echo "$4" >> "$0.masked";; esac`,
      },
      {},
    );
    const { connection: plain } = machine({ systemctl: 'true' }, {});
    expect(await drift(named('host:swap-units'), plain)).toEqual([]);
    expect(await drift(named('host:swap-units'), connection)).toEqual(['starting: 1 → 0']);
    await bring(named('host:swap-units'), connection);
    expect(await drift(named('host:swap-units'), connection)).toEqual([]);
    expect(read('/var/lib/hardway/masked')).toBe('dev-zram0.swap\n');
  });

  it('of a unit in /etc, where a mask would stand, is disabled instead', async () => {
    const { connection, read } = machine(
      {
        systemctl: `case "$1" in list-unit-files) [ -e "$0.disabled" ] || echo own.swap enabled;;
show) echo /etc/systemd/system/own.swap;;
disable) [ "$*" = "disable --quiet --now own.swap" ] && touch "$0.disabled";;
mask) echo "Failed to mask unit: File already exists." >&2; exit 1;; esac`,
      },
      {},
    );
    await bring(named('host:swap-units'), connection);
    expect(await drift(named('host:swap-units'), connection)).toEqual([]);
    expect(read('/var/lib/hardway/disabled')).toBe('own.swap\n');
  });
});

describe('host.nfsClient', () => {
  const wanted = { ...cluster, host: { nfsClient: true } };
  const tools = resourcesOf(planFor('vm-cgroup-v2', [], wanted), 'minion-1')
    .map(({ resource }) => resource)
    .find(({ id }) => id === 'package:nfs-common') as Resource;
  const programs = (status: string, install: string) => ({
    'dpkg-query': `printf '${status}'`,
    'apt-get': `case "$*" in *install*) ${install};; esac`,
  });

  it('is the package, which is there or is installed', async () => {
    expect(await drift(tools, machine(programs('installed', 'true'), {}).connection)).toEqual([]);
    expect(await drift(tools, machine(programs('', 'true'), {}).connection)).toEqual([
      'present: false → true',
    ]);
    expect(resources.map(({ id }) => id)).not.toContain('package:nfs-common');
  });

  it('that cannot be installed is told with what to do', async () => {
    const { connection } = machine(programs('', 'echo "E: Unable to locate package" >&2; exit 100'), {});
    await expect(bring(tools, connection)).rejects.toMatchObject({
      message: 'here: package:nfs-common failed (exit 1)',
      evidence: expect.arrayContaining([
        'E: Unable to locate package',
        expect.stringMatching(/^apt-get here cannot install nfs-common: .* or install it by hand/),
      ]) as string[],
    });
  });

  it('says which machines could mount nothing all the same', () => {
    const note = (...more: string[]) =>
      planFor('vm-cgroup-v2', more, wanted).notes.filter((text) => text.includes('NFS'));
    expect(note()).toEqual([
      'its kernel has no NFS: host.nfsClient installs the tools, but nothing can be mounted (master, minion-1, minion-2)',
    ]);
    expect(note('nfs=nfsv4')).toEqual([]);
  });
});
