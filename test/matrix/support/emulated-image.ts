import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { $ } from 'zx';
import { provideArtefacts } from '../../../src/artefacts/artefacts.ts';
import { defaultCache } from '../../../src/artefacts/cache.ts';
import { addArtefacts } from '../../../src/box/artefacts.ts';
import { importImages } from '../../../src/box/images.ts';
import { readRecipe, type Recipe } from '../../../src/box/recipe.ts';
import { makeRoot } from '../../../src/box/root.ts';
import { sudo, writeAsRoot } from '../../../src/box/sudo.ts';
import type { Report } from '../../../src/report/event.ts';

/** What an emulated machine is started from. */
export interface Image {
  readonly kernel: string;
  readonly initramfs: string;
  /** A raw disk; machines write beside it. */
  readonly disk: string;
  /** Private key of the user "vagrant". */
  readonly key: string;
}

/** Address of its second NIC, which leads nowhere. */
export const ADDRESS = '192.168.100.11';

const $q = $({ quiet: true });

/** What a Debian in a virtual machine has and a container lacks: udev, modules to load, swap; and an NFS server. */
function recipe(): Recipe {
  const base = readRecipe();
  const mask = base.units.mask.filter((unit) => !/^(systemd-modules-load|modprobe@)/.test(unit));
  return {
    ...base,
    packages: [...base.packages, 'udev', 'nfs-common', 'nfs-kernel-server'],
    files: [
      ...base.files,
      { path: '/etc/modules-load.d/virtio.conf', content: ['virtio_net'] },
      { path: '/etc/fstab', content: ['/dev/vda / ext4 defaults 0 1', '/swap.fstab none swap sw 0 0'] },
      {
        path: '/etc/systemd/system/swap.unit.swap',
        content: ['[Swap]', 'What=/swap.unit', '[Install]', 'WantedBy=swap.target'],
      },
      { path: '/etc/exports', content: ['/srv/nfs *(rw,no_root_squash,insecure,no_subtree_check,fsid=0)'] },
      { path: '/srv/nfs/hello', content: ['from the export'] },
      {
        path: '/etc/systemd/system/second-nic.service',
        content: [
          ...['[Unit]', 'Wants=network-online.target', 'Before=network-online.target'],
          ...['[Service]', 'Type=oneshot', 'RemainAfterExit=yes', 'ExecStart=/sbin/ip link set eth1 up'],
          ...[`ExecStart=/sbin/ip address add ${ADDRESS}/24 dev eth1`],
          ...['[Install]', 'WantedBy=multi-user.target'],
        ],
      },
    ],
    units: { enable: [...base.units.enable, 'swap.unit.swap', 'second-nic.service'], mask },
    lxc: [],
  };
}

/** From the cache, or made now: some minutes. */
export async function emulatedImage(report: Report): Promise<Image> {
  const artefacts = await provideArtefacts({ source: 'auto', report });
  const versions = artefacts.all().map(({ name, sha256 }) => [name, sha256]);
  const key = createHash('sha256')
    .update(JSON.stringify([recipe(), versions]))
    .digest('hex')
    .slice(0, 20);
  const folder = join(defaultCache(), 'emulated', key);
  const image = {
    kernel: join(folder, 'vmlinuz'),
    initramfs: join(folder, 'initramfs'),
    disk: join(folder, 'disk'),
    key: join(folder, 'key'),
  };
  if (existsSync(folder)) return image;
  const making = `${folder}.making-${process.pid}`;
  const root = join(making, 'rootfs');
  mkdirSync(making, { recursive: true });
  try {
    await makeRoot(recipe(), root, report);
    await addArtefacts(artefacts, root, report);
    await importImages(artefacts, root, report);
    await kernel(making, root);
    await allow(making, root);
    await swapFiles(root);
    await $q`${sudo} mke2fs -q -t ext4 -d ${root} ${join(making, 'disk')} 8G`;
    await $q`${sudo} chmod 644 ${join(making, 'disk')}`;
    await $q`${sudo} rm -rf ${root}`;
    renameSync(making, folder);
    // A gigabyte each, and nobody starts from them any more.
    const older = readdirSync(dirname(folder)).filter((name) => /^[0-9a-f]{20}$/.test(name) && name !== key);
    await $q`${sudo} rm -rf ${older.map((name) => join(dirname(folder), name))}`;
  } finally {
    await $q`${sudo} rm -rf ${making}`;
  }
  return image;
}

/** Debian's kernel for virtual machines, unpacked and not installed on this host. */
async function kernel(folder: string, root: string): Promise<void> {
  const depends = await $q`apt-cache depends linux-image-cloud-amd64`;
  const name = /Depends: (linux-image-\S+)/.exec(depends.stdout)?.[1] ?? '';
  const unpacked = join(folder, 'kernel');
  mkdirSync(unpacked);
  await $q({ cwd: folder })`apt-get download -q ${name}`;
  await $q({ cwd: folder })`sh -c ${`dpkg-deb -x ${name}_*.deb kernel && cp kernel/boot/vmlinuz-* vmlinuz`}`;
  const version = name.slice('linux-image-'.length);
  await $q`${sudo} cp -a ${join(unpacked, 'lib/modules')} ${join(root, 'lib/')}`;
  await $q`${sudo} chroot ${root} depmod ${version}`;
  await initramfs(folder, join(unpacked, 'lib/modules', version, 'kernel'));
  rmSync(unpacked, { recursive: true });
}

/** In the order in which they need each other. */
const MODULES = [
  ...['virtio/virtio_ring', 'virtio/virtio', 'virtio/virtio_pci_modern_dev', 'virtio/virtio_pci_legacy_dev'],
  ...['virtio/virtio_pci', 'block/virtio_blk'],
].map((name) => `drivers/${name}.ko`);

/** Just enough to mount the disk: busybox and what the disk needs. */
async function initramfs(folder: string, modules: string): Promise<void> {
  const tree = join(folder, 'tree');
  for (const name of ['bin', 'dev', 'proc', 'root']) mkdirSync(join(tree, name), { recursive: true });
  await $q`cp /bin/busybox ${join(tree, 'bin')}`;
  for (const name of MODULES) await $q`cp ${join(modules, name)} ${tree}`;
  const init = [
    '#!/bin/busybox sh',
    'set -e',
    'export PATH=/bin',
    '/bin/busybox --install /bin',
    'mount -t devtmpfs none /dev',
    ...MODULES.map((name) => `insmod /${basename(name)}`),
    'until [ -b /dev/vda ]; do sleep 0.1; done',
    'mount -t ext4 /dev/vda /root',
    'exec switch_root /root /sbin/init',
  ];
  writeFileSync(join(tree, 'init'), `${init.join('\n')}\n`, { mode: 0o755 });
  const pack = 'find . | busybox cpio -o -H newc | gzip -1 > ../initramfs';
  await $q({ cwd: tree })`sh -c ${pack}`;
  rmSync(tree, { recursive: true });
}

/** A key of this image's own. */
async function allow(folder: string, root: string): Promise<void> {
  const key = join(folder, 'key');
  await $q`ssh-keygen -q -t ed25519 -N ${''} -f ${key}`;
  const line = (await $q`cat ${key}.pub`).stdout.trim();
  await writeAsRoot(`${root}/home/vagrant/.ssh/authorized_keys`, [line], '0600');
  await $q`${sudo} chroot ${root} chown -R vagrant:vagrant /home/vagrant/.ssh`;
}

/** Files without holes: one that fstab names, one of a unit. */
async function swapFiles(root: string): Promise<void> {
  for (const name of ['swap.fstab', 'swap.unit']) {
    const file = `${root}/${name}`;
    await $q`${sudo} dd if=/dev/urandom of=${file} bs=1M count=32 status=none`;
    await $q`${sudo} chmod 600 ${file}`;
    await $q`${sudo} mkswap -q ${file}`.catch(() => $q`${sudo} mkswap ${file}`);
  }
}
