import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Artefacts } from '../../artefacts/artefact.ts';
import { provideArtefacts } from '../../artefacts/artefacts.ts';
import { defaultCache } from '../../artefacts/cache.ts';
import { addArtefacts } from '../../box/artefacts.ts';
import { importImages } from '../../box/images.ts';
import { inNewFolder } from '../../box/new-folder.ts';
import { digest, type Recipe, recipeFor } from '../../box/recipe.ts';
import { makeRoot } from '../../box/root.ts';
import { sudo } from '../../box/sudo.ts';
import type { Cluster } from '../../cluster/model.ts';
import type { Report } from '../../report/event.ts';
import { $ } from '../../shell.ts';
import { withLock } from '../../state/lock.ts';
import { bootable } from './bootable.ts';

/** What a new machine is made from; lies in the cache and is only read. */
export interface Image {
  /** Debian's, as the disk knows it. */
  readonly kernel: string;
  readonly initramfs: string;
  /** A raw disk with one file system and no partitions. */
  readonly disk: string;
}

/** Counts the ways of making an image from the same recipe. */
const builder = 2;

/** GiB, of which holes take no room; machines make it larger. */
const SIZE = 8;

/** From the cache, or made now: three minutes. Needs root. */
export async function machineImage(cluster: Cluster, report: Report): Promise<Image> {
  const { box, source } = cluster.artefacts;
  const artefacts = box === 'baked' ? await provideArtefacts({ source, report }) : undefined;
  const recipe = bootable(recipeFor(cluster));
  const store = join(defaultCache(), 'qemu');
  const folder = join(store, keyOf(recipe, artefacts));
  await mkdir(store, { recursive: true });
  // Disks of machines lie on top of it: it is made once, by whoever comes first.
  await withLock(store, { who: 'lab' }, async () => {
    if (!existsSync(folder)) await inNewFolder(folder, (draft) => make(recipe, artefacts, draft, report));
  });
  const disk = (await readdir(folder)).find((name) => name.startsWith('disk-')) ?? '';
  return {
    kernel: join(folder, 'vmlinuz'),
    initramfs: join(folder, 'initrd.img'),
    disk: join(folder, disk),
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
  // Never this name again: machines must not find other bytes under the ones they were made on.
  const disk = join(folder, `disk-${randomBytes(6).toString('hex')}`);
  await makeRoot(recipe, root, report);
  if (artefacts) {
    await addArtefacts(artefacts, root, report);
    await importImages(artefacts, root, report);
  }
  for (const name of ['vmlinuz', 'initrd.img']) await takeOut(root, name, join(folder, name));
  report({ type: 'note', text: 'writing the disk that the machines start from' });
  await $`${sudo} mke2fs -q -t ext4 -d ${root} ${disk} ${SIZE}G`;
  await $`${sudo} chmod 644 ${disk}`;
}

/** Of what Debian's package has put into /boot: qemu reads it from this host. */
async function takeOut(root: string, name: string, file: string): Promise<void> {
  await $`${sudo} sh -c ${'install -m 644 "$1"/boot/"$2"-* "$3" && rm "$1"/boot/"$2"-*'} sh ${root} ${name} ${file}`;
}
