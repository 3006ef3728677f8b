import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { Artefact, Artefacts } from '../artefacts/artefact.ts';
import { PINNED } from '../artefacts/image.ts';
import type { Report } from '../report/event.ts';
import { $ } from '../shell.ts';
import { sudo, writeAsRoot } from './sudo.ts';

/** Only what an import needs: the others would make folders and sockets of their own on this host. */
const config = `version = 3
disabled_plugins = [
  "io.containerd.grpc.v1.cri", "io.containerd.cri.v1.images", "io.containerd.cri.v1.runtime",
  "io.containerd.internal.v1.opt", "io.containerd.nri.v1.nri",
]
`;

/**
 * Imports the image archives into the containerd store of the root, with the containerd of the artefacts itself, so
 * that no machine has to do it. When this host cannot do that, each machine imports them.
 */
export async function importImages(artefacts: Artefacts, root: string, report: Report): Promise<void> {
  const images = artefacts.all().filter(({ kind }) => kind === 'image');
  const folder = await mkdtemp(join(tmpdir(), 'hardway-containerd-'));
  const socket = join(folder, 'containerd.sock');
  try {
    const pid = await startContainerd(artefacts.get('containerd').file, `${root}/var/lib/containerd`, folder);
    try {
      const ctr = [...sudo, artefacts.get('ctr').file, '--address', socket, '--namespace', 'k8s.io'];
      for (const image of images) {
        await $`${ctr} images import --local ${image.file}`;
        await $`${ctr} images label ${image.reference ?? image.name} ${PINNED}`;
        await noteImport(image, root);
      }
    } finally {
      await end(pid);
    }
  } catch (error) {
    const evidence = error instanceof Error ? error.message : String(error);
    report({ type: 'warning', text: `the machines import their images themselves: ${evidence.trim()}` });
  } finally {
    await $`${sudo} rm -rf ${folder}`;
  }
}

/** Its process number, once it answers. */
async function startContainerd(program: string, store: string, folder: string): Promise<string> {
  await writeFile(join(folder, 'config.toml'), config);
  const options = [
    '--root',
    store,
    '--state',
    join(folder, 'state'),
    '--address',
    join(folder, 'containerd.sock'),
  ];
  const log = join(folder, 'log');
  const pidFile = join(folder, 'pid');
  const start = `echo $$ > "$1"; shift; exec "$@"`;
  const words = [pidFile, program, '--config', join(folder, 'config.toml'), ...options];
  await $({ detached: true })`${sudo} sh -c ${start} sh ${words} > ${log} 2>&1 < /dev/null &`;
  for (let attempt = 0; attempt < 100; attempt++) {
    await setTimeout(100);
    const said = await readFile(log, 'utf8');
    if (said.includes('containerd successfully booted')) return (await readFile(pidFile, 'utf8')).trim();
  }
  throw new Error(
    `containerd did not start within 10 s: ${(await readFile(log, 'utf8')).trim().split('\n').at(-1)}`,
  );
}

/** The store must be at rest before it is packed. */
async function end(pid: string): Promise<void> {
  await $({ nothrow: true })`${sudo} kill ${pid}`;
  for (let attempt = 0; attempt < 100; attempt++) {
    if (!(await $({ nothrow: true })`${sudo} kill -0 ${pid}`).ok) return;
    await setTimeout(100);
  }
  await $({ nothrow: true })`${sudo} kill -9 ${pid}`;
}

/** Says which archive an image came from, in the words of the recipe's own import. */
async function noteImport(image: Artefact, root: string): Promise<void> {
  const name = (image.reference ?? image.name).replaceAll(/[/:]/g, '_');
  await writeAsRoot(`${root}/var/lib/hardway/imported/${name}`, [image.sha256]);
}
