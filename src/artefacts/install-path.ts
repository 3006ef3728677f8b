import { ArtefactError } from '../errors.ts';
import type { LockedArtefact } from './artefact.ts';

/** Where an artefact lies on a machine. Throws ArtefactError for a tool, which no machine gets. */
export function installPath(artefact: Pick<LockedArtefact, 'name' | 'kind'>): string {
  switch (artefact.kind) {
    case 'binary':
      return `/usr/local/bin/${artefact.name}`;
    case 'cni':
      return `/opt/cni/bin/${artefact.name}`;
    case 'image':
      return `/var/lib/hardway/images/${artefact.name.replace(/^image:/, '')}.tar`;
    case 'tool':
      throw new ArtefactError(`${artefact.name} stays on the operator's machine`);
  }
}
