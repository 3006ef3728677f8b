import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { $ } from 'zx';
import { provideArtefacts } from '../../artefacts/artefacts.ts';
import type { Artefacts } from '../../artefacts/artefact.ts';
import { defaultCache } from '../../artefacts/cache.ts';
import { addArtefacts } from '../../box/artefacts.ts';
import { importImages } from '../../box/images.ts';
import { inNewFolder } from '../../box/new-folder.ts';
import { digest, type Recipe, recipeFor } from '../../box/recipe.ts';
import { makeRoot } from '../../box/root.ts';
import { sudo } from '../../box/sudo.ts';
import type { Cluster } from '../../cluster/model.ts';
import type { Report } from '../../report/event.ts';
import { addKernel } from './kernel.ts';

/** What a machine is started from; lies in the cache and is only read. */
export interface Image {
  readonly kernel: string;
  readonly initramfs: string;
  /** A raw disk with one file system and no partitions. */
  readonly disk: string;
}

/** Counts the ways of making an image from the same recipe. */
const builder = 1;

/** GiB, of which holes take no room; machines make it larger. */
const SIZE = 8;

/** From the cache, or made now: two minutes. Needs root. */
export async function machineImage(cluster: Cluster, report: Report): Promise<Image> {
  const { box, source } = cluster.artefacts;
  const artefacts = box === 'baked' ? await provideArtefacts({ source, report }) : undefined;
  const recipe = bootable(recipeFor(cluster));
  const folder = join(defaultCache(), 'qemu', keyOf(recipe, artefacts));
  if (!existsSync(folder)) await inNewFolder(folder, (draft) => make(recipe, artefacts, draft, report));
  return {
    kernel: join(folder, 'vmlinuz'),
    initramfs: join(folder, 'initramfs'),
    disk: join(folder, 'disk'),
  };
}

function keyOf(recipe: Recipe, artefacts: Artefacts | undefined): string {
  const content = (artefacts?.all() ?? []).map(({ name, sha256 }) => [name, sha256]).sort();
  return digest([builder, { ...recipe, lxc: undefined }, content, process.arch]);
}

async function make(
  recipe: Recipe,
  artefacts: Artefacts | undefined,
  folder: string,
  report: Report,
): Promise<void> {
  const root = join(folder, 'rootfs');
  const disk = join(folder, 'disk');
  await makeRoot(recipe, root, report);
  if (artefacts) {
    await addArtefacts(artefacts, root, report);
    await importImages(artefacts, root, report);
  }
  await addKernel(folder, root);
  report({ type: 'note', text: 'writing the disk that the machines start from' });
  await $({ quiet: true })`${sudo} mke2fs -q -t ext4 -d ${root} ${disk} ${SIZE}G`;
  await $({ quiet: true })`${sudo} chmod 644 ${disk}`;
}

/** What a Debian with a kernel of its own needs beside what a container has. */
function bootable(recipe: Recipe): Recipe {
  const forContainers = /^(systemd-modules-load|modprobe@|systemd-binfmt|proc-sys-fs-binfmt|sys-)/;
  return {
    ...recipe,
    packages: [...recipe.packages, 'udev', 'e2fsprogs'],
    files: [
      ...recipe.files,
      { path: '/etc/modules-load.d/virtio.conf', content: ['virtio_net'] },
      { path: '/etc/fstab', content: ['/dev/vda / ext4 defaults 0 1'] },
      { path: IDENTITY, mode: '0755', content: identity },
      {
        path: '/etc/systemd/system/machine-identity.service',
        content: [
          ...['[Unit]', 'Description=Disk, address and key of this machine, as its maker says'],
          ...['Wants=network-online.target', 'Before=network-online.target ssh.service'],
          ...['[Service]', 'Type=oneshot', 'RemainAfterExit=yes', `ExecStart=${IDENTITY}`],
          ...['[Install]', 'WantedBy=multi-user.target'],
        ],
      },
    ],
    units: {
      enable: [...recipe.units.enable, 'machine-identity.service'],
      mask: recipe.units.mask.filter((unit) => !forContainers.test(unit)),
    },
  };
}

const IDENTITY = '/usr/local/sbin/machine-identity';

/** One image serves all machines: what makes one of them comes with the kernel's command line. */
const identity = [
  '#!/bin/sh',
  'set -eu',
  'for word in $(cat /proc/cmdline); do',
  '  case $word in',
  '    machine.address=*) address=${word#*=} ;;',
  '    machine.key=*) key=${word#*=} ;;',
  '  esac',
  'done',
  'resize2fs /dev/vda',
  'ip link set eth1 up',
  'ip address replace "$address" dev eth1',
  'echo "${key%%:*} ${key#*:}" >/home/vagrant/.ssh/authorized_keys',
];
