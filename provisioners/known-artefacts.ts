import type { Artefact, Artefacts } from '../src/artefacts/artefact.ts';
import { cachedArtefacts } from '../src/artefacts/artefacts.ts';
import { defaultLockFile, fill, type Group, groupsOf, readLock } from '../src/artefacts/lock.ts';
import { optionalFor } from '../src/artefacts/optional.ts';
import type { Cluster } from '../src/cluster/model.ts';
import { HardwayError } from '../src/errors.ts';

/**
 * What the cache holds; where it is empty, what the lock names. Only looks: enough to tell what is wanted. What only
 * add-ons need that are off is not among all of it, but it is known by name.
 */
export function knownArtefacts(cluster: Cluster): Artefacts {
  const lock = readLock(defaultLockFile());
  const wanted = { addons: optionalFor(cluster) };
  const cached = cachedArtefacts(cluster.artefacts.source, wanted)?.all();
  const all = cached ?? groupsOf(lock, wanted).flatMap(described);
  const byName = new Map([...lock.groups.flatMap(described), ...all].map((one) => [one.name, one]));
  const get = (name: string): Artefact => {
    const found = byName.get(name);
    if (found === undefined) throw new HardwayError('INTERNAL', `the lock names no ${name}`);
    return found;
  };
  return { all: () => all, get };
}

const described = ({ version, files }: Group): Artefact[] =>
  files.map((file) => ({
    ...{ name: file.name, kind: file.kind, version, source: 'releases', file: '', sha256: '', size: 0 },
    ...(file.kind === 'image' ? { reference: fill(file.image.reference, { version }) } : {}),
  }));
