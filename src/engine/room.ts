import type { Connection } from '../connection/connection.ts';
import { sh } from '../connection/quote.ts';
import { MachineError } from '../errors.ts';
import { differences } from './difference.ts';
import { type Resource, unknown } from './resource.ts';
import type { Survey } from './survey.ts';

/** A file that will be sent. */
export interface Cargo {
  readonly path: string;
  /** Bytes. */
  readonly size: number;
}

/** The large files among what will be sent, as far as that is known before anything is changed. */
export function cargo(resources: readonly Resource[], answers: Survey): Cargo[] {
  const found = new Map<string, number>();
  for (const resource of resources) {
    const now = answers.get(resource.id) ?? null;
    if (now === unknown || differences(resource, now).length === 0) continue;
    for (const step of resource.steps(now)) {
      if ('put' in step && typeof step.content === 'object' && 'file' in step.content)
        found.set(step.put, step.content.size);
    }
  }
  return [...found].map(([path, size]) => ({ path, size }));
}

/**
 * Throws MachineError when the file systems of a machine have no room for all these files at once: what they replace
 * may be running, and frees nothing before it ends. Writes nothing.
 */
export async function refuseWithoutRoom(
  machine: string,
  connection: Connection,
  files: readonly Cargo[],
): Promise<void> {
  if (files.length === 0) return;
  const { stdout } = await connection.run(question(files), { limit: 30 });
  const systems = new Map<string, { free: number; cargo: Cargo[] }>();
  for (const line of stdout.split('\n')) {
    const [, index = '', free = '', mount = ''] = /^(\d+) +(\d+) +(\/.*)$/.exec(line) ?? [];
    const one = files[Number(index)];
    if (mount === '' || one === undefined) continue; // not told: then the upload itself will
    const system = systems.get(mount) ?? { free: Number(free), cargo: [] };
    system.cargo.push(one);
    systems.set(mount, system);
  }
  for (const [mount, system] of systems) {
    const needed = system.cargo.reduce((sum, { size }) => sum + size, 0);
    if (needed <= system.free) continue;
    const names = system.cargo.map(({ path }) => path.slice(path.lastIndexOf('/') + 1));
    const list = names.length > 4 ? [...names.slice(0, 3), `${names.length - 3} more`] : names;
    const text = `no space below ${mount}: ${mib(system.free)} free, ${mib(needed)} needed (${list.join(', ')})`;
    throw new MachineError(machine, text, {
      evidence: system.cargo.map(({ path, size }) => `${path}: ${size} bytes`),
      remedy: 'Nothing was sent. Make room there and run again.',
    });
  }
}

const mib = (bytes: number): string => `${Math.ceil(bytes / 1048576)} MiB`;

/** `<index> <bytes free> <mount point>` of each; a folder that is not there yet will be made in the nearest that is. */
const question = (files: readonly Cargo[]) => sh`index=0
for path in ${files.map(({ path }) => path)}; do
  folder=\${path%/*}
  until [ -d "\${folder:-/}" ]; do folder=\${folder%/*}; done
  echo "$index $(df -B1 --output=avail,target -- "\${folder:-/}" | tail -n 1)"
  index=$((index + 1))
done`;
