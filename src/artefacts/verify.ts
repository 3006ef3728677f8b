import { statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ArtefactError } from '../errors.ts';
import type { Artefact } from './artefact.ts';
import type { Source } from './cache.ts';
import { cachedName, fill, type Group, type LockedFile } from './lock.ts';
import { readRecord, sha256OfFile, stampOf, writeRecord } from './record.ts';

/** Hashes the whole file again, whatever is recorded; throws ArtefactError when it is damaged. */
export async function verifyArtefact(artefact: Artefact): Promise<void> {
  if (stampOf(artefact.file) === undefined) throw missing(artefact.name, artefact.file);
  const found = await sha256OfFile(artefact.file);
  if (found !== artefact.sha256) throw damaged(artefact.name, artefact.file, artefact.sha256, found);
}

/** The artefacts of a finished folder; a file is hashed again only when its stamp is not the recorded one. */
export async function verifiedGroup(
  group: Group,
  source: Source,
  folder: string,
): Promise<readonly Artefact[]> {
  return Promise.all(
    group.files.map(async (locked) => {
      const file = join(folder, cachedName(locked));
      const record = readRecord(file);
      const stamp = stampOf(file);
      if (stamp === undefined) throw missing(locked.name, file);
      if (record === undefined) throw missing(`the digest of ${locked.name}`, `${file}.sha256`);
      const artefact = describe(group, locked, source, file, record.sha256);
      if (stamp !== record.stamp) {
        await verifyArtefact(artefact);
        writeRecord(file, record.sha256);
      }
      return artefact;
    }),
  );
}

/** The artefacts of a finished folder as recorded, or undefined when a file is not as it was recorded. */
export function recordedGroup(group: Group, source: Source, folder: string): readonly Artefact[] | undefined {
  const artefacts = group.files.flatMap((locked) => {
    const file = join(folder, cachedName(locked));
    const record = readRecord(file);
    const untouched = record !== undefined && record.stamp === stampOf(file);
    return untouched ? [describe(group, locked, source, file, record.sha256)] : [];
  });
  return artefacts.length === group.files.length ? artefacts : undefined;
}

function describe(group: Group, locked: LockedFile, source: Source, file: string, sha256: string): Artefact {
  const { name, kind } = locked;
  const { version } = group;
  const plain = { name, kind, version, file, sha256, source, size: statSync(file).size };
  return kind === 'image' ? { ...plain, reference: fill(locked.image.reference, { version }) } : plain;
}

function damaged(name: string, file: string, recorded: string, found: string): ArtefactError {
  return new ArtefactError(`the cached ${name} is damaged: ${file} is not what was put there`, {
    evidence: [`recorded sha256 ${recorded}`, `found    sha256 ${found}`],
    remedy: `Delete the folder ${dirname(file)} and run again: it is then made anew.`,
  });
}

function missing(name: string, file: string): ArtefactError {
  return new ArtefactError(`${name} is missing from the cache`, {
    evidence: [`expected: ${file}`],
    remedy: `Delete the folder ${dirname(file)} and run again: it is then made anew.`,
  });
}
