import { mkdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { $ } from 'zx';
import { removeFolder } from '../../box/root.ts';
import { sudo } from '../../box/sudo.ts';

const quiet = $({ quiet: true });

/** In the order in which they need each other. */
const MODULES = [
  ...['virtio/virtio_ring', 'virtio/virtio', 'virtio/virtio_pci_modern_dev', 'virtio/virtio_pci_legacy_dev'],
  ...['virtio/virtio_pci', 'block/virtio_blk'],
].map((name) => `drivers/${name}.ko`);

/**
 * Debian's kernel for virtual machines, unpacked and not installed on this host: `folder` gets "vmlinuz" and
 * "initramfs", the root its modules.
 */
export async function addKernel(folder: string, root: string): Promise<void> {
  const depends = await quiet`apt-cache depends linux-image-cloud-amd64`;
  const name = /Depends: (linux-image-\S+)/.exec(depends.stdout)?.[1] ?? '';
  const unpacked = join(folder, 'kernel');
  await mkdir(unpacked);
  const inside = $({ quiet: true, cwd: unpacked });
  await inside`apt-get download -q ${name}`;
  await inside`sh -c ${`dpkg-deb -x ${name}_*.deb . && cp boot/vmlinuz-* ../vmlinuz`}`;
  const version = name.slice('linux-image-'.length);
  await quiet`${sudo} cp -a ${join(unpacked, 'lib/modules')} ${join(root, 'lib/')}`;
  await quiet`${sudo} chroot ${root} depmod ${version}`;
  await initramfs(folder, join(unpacked, 'lib/modules', version, 'kernel'));
  await removeFolder(unpacked);
}

/** Just enough to mount the disk: busybox and the drivers for it. */
async function initramfs(folder: string, modules: string): Promise<void> {
  const tree = join(folder, 'tree');
  for (const name of ['bin', 'dev', 'proc', 'root']) await mkdir(join(tree, name), { recursive: true });
  await quiet`cp /bin/busybox ${join(tree, 'bin')}`;
  for (const name of MODULES) await quiet`cp ${join(modules, name)} ${tree}`;
  await writeFile(join(tree, 'init'), init, { mode: 0o755 });
  await $({ quiet: true, cwd: tree })`sh -c ${'find . | busybox cpio -o -H newc | gzip -1 > ../initramfs'}`;
  await removeFolder(tree);
}

const init = `#!/bin/busybox sh
set -e
export PATH=/bin
/bin/busybox --install /bin
mount -t devtmpfs none /dev
${MODULES.map((name) => `insmod /${basename(name)}`).join('\n')}
until [ -b /dev/vda ]; do sleep 0.1; done
mount -t ext4 /dev/vda /root
exec switch_root /root /sbin/init
`;
