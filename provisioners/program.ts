import type { Artefact, Artefacts } from '../src/artefacts/artefact.ts';
import { installPath } from '../src/artefacts/install-path.ts';
import type { Resource } from '../src/engine/resource.ts';
import { artefact } from '../src/resources/artefact.ts';

/** The named programs of the lock file, at their places. */
export const programs = (artefacts: Artefacts, ...names: string[]): Resource[] =>
  names.map((name) => artefacts.get(name)).map((locked) => artefact(locked, installPath(locked)));

/** First line of a unit: another program makes another unit file, and so a restart. */
export const programLine = ({ name, version, sha256 }: Artefact): string =>
  `Runs ${name} ${version}, sha256 ${sha256}. Written by Hardway.`;
