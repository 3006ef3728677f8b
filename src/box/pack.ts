import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Artefacts } from '../artefacts/artefact.ts';
import { sha256OfFile } from '../artefacts/record.ts';
import type { Report } from '../report/event.ts';
import { $ } from '../shell.ts';
import { template, type Box } from './box.ts';
import type { Recipe } from './recipe.ts';
import { sudo, tarOptions } from './sudo.ts';

export interface Packing {
  readonly recipe: Recipe;
  /** Of the operating system: "12.12". */
  readonly version: string;
  readonly root: string;
  /** Where the parts are made. */
  readonly folder: string;
  /** Where they will lie in the end. */
  readonly final: string;
  readonly artefacts: Artefacts | undefined;
  readonly report: Report;
}

/**
 * Makes the box from a finished root: metadata, the container's configuration, the template and the root's archive.
 * gzip's fastest level, because each host unpacks it once.
 */
export async function packBox(packing: Packing): Promise<Box> {
  const { folder, final, report } = packing;
  const task = 'packing the box';
  report({ type: 'progress', task, done: 0, total: 0, unit: 'steps' });
  const archive = join(folder, 'rootfs.tar.gz');
  await $`${sudo} tar ${tarOptions} -C ${folder} -cf - ./rootfs | gzip -1 > ${archive}`;
  const sha256 = await sha256OfFile(archive);
  const contents = contentsOf(packing);
  const box: Box = {
    name: `hardway/${Object.entries(contents)
      .map(([part, version]) => `${part}-${version}`)
      .join('-')}`,
    version: `${packing.version}.${Number.parseInt(sha256.slice(0, 8), 16)}`,
    file: join(final, 'hardway.box'),
    catalog: join(final, 'catalog.json'),
    id: sha256.slice(0, 20),
  };
  await writeParts(packing, box, contents);
  report({ type: 'progress', task, done: 1, total: 1, unit: 'steps' });
  return box;
}

/** Versions by part, in the order of the name: {"debian": "12.12", "containerd": "2.3.7", "k8s": "1.36.4"}. */
function contentsOf({ recipe, version, artefacts }: Packing): Readonly<Record<string, string>> {
  const system = recipe.name.replace(/-\d+$/, '');
  if (!artefacts) return { [system]: version };
  const containerd = artefacts.get('containerd').version;
  return { [system]: version, containerd, k8s: artefacts.get('kubelet').version };
}

async function writeParts(
  packing: Packing,
  box: Box,
  contents: Readonly<Record<string, string>>,
): Promise<void> {
  const { folder, recipe } = packing;
  const metadata = { provider: 'lxc', version: '1.0.0', 'template-opts': { '--id': box.id } };
  await writeFile(join(folder, 'metadata.json'), JSON.stringify(metadata));
  await writeFile(join(folder, 'info.json'), JSON.stringify(contents));
  await writeFile(join(folder, 'lxc-config'), recipe.lxc.map((line) => `${line}\n`).join(''));
  await writeFile(join(folder, 'lxc-template'), template(), { mode: 0o755 });
  const parts = ['metadata.json', 'info.json', 'lxc-config', 'lxc-template', 'rootfs.tar.gz'];
  const file = join(folder, 'hardway.box');
  await $`tar --owner=0 --group=0 -C ${folder} -cf ${file} ${parts}`;
  await $({ cwd: folder })`rm ${parts}`;
  const checksum = await sha256OfFile(file);
  await writeFile(`${file}.sha256`, `${checksum}  hardway.box\n`);
  const source = { name: 'lxc', url: `file://${box.file}`, checksum_type: 'sha256', checksum };
  const catalog = { name: box.name, versions: [{ version: box.version, providers: [source] }] };
  await writeFile(join(folder, 'catalog.json'), JSON.stringify(catalog, null, 2));
}
