import type { Artefacts } from '../artefacts/artefact.ts';
import { installPath } from '../artefacts/install-path.ts';
import type { Report } from '../report/event.ts';
import { $ } from '../shell.ts';
import { sudo, writeAsRoot } from './sudo.ts';

/** Puts every artefact at its place in the root, and a list of their digests beside them. */
export async function addArtefacts(artefacts: Artefacts, root: string, report: Report): Promise<void> {
  const all = artefacts.all();
  const task = 'putting the artefacts into the box';
  for (const [done, artefact] of all.entries()) {
    report({ type: 'progress', task, done, total: all.length, unit: 'steps' });
    const mode = artefact.kind === 'image' ? '0644' : '0755';
    await $`${sudo} install -D -m ${mode} ${artefact.file} ${root + installPath(artefact)}`;
  }
  report({ type: 'progress', task, done: all.length, total: all.length, unit: 'steps' });
  const digests = all.map((one) => `${one.sha256}  ${installPath(one).slice(1)}`);
  await writeAsRoot(`${root}/var/lib/hardway/box.sha256`, digests);
}
