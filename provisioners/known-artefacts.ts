import type { Artefact, Artefacts } from '../src/artefacts/artefact.ts';
import { cachedArtefacts } from '../src/artefacts/artefacts.ts';
import { defaultLockFile, fill, groupsOf, readLock, type Wanted } from '../src/artefacts/lock.ts';
import { optionalFor } from '../src/artefacts/optional.ts';
import type { Cluster } from '../src/cluster/model.ts';
import { HardwayError } from '../src/errors.ts';

/** What the cache holds; where it is empty, what the lock names. Only looks: enough to tell what is wanted. */
export function knownArtefacts(cluster: Cluster): Artefacts {
  const wanted = { addons: optionalFor(cluster) };
  return cachedArtefacts(cluster.artefacts.source, wanted) ?? lockedArtefacts(wanted);
}

function lockedArtefacts(wanted: Wanted): Artefacts {
  const all = groupsOf(readLock(defaultLockFile()), wanted).flatMap(({ version, files }) =>
    files.map((file): Artefact => ({
      ...{ name: file.name, kind: file.kind, version, source: 'releases', file: '', sha256: '', size: 0 },
      ...(file.kind === 'image' ? { reference: fill(file.image.reference, { version }) } : {}),
    })),
  );
  const get = (name: string): Artefact => {
    const found = all.find((one) => one.name === name);
    if (found === undefined) throw new HardwayError('INTERNAL', `the lock names no ${name}`);
    return found;
  };
  return { all: () => all, get };
}
