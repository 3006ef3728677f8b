import { ArtefactError } from '../errors.ts';
import type { Report } from '../report/event.ts';
import type { Artefact, Artefacts } from './artefact.ts';
import { groupsOf, type Wanted } from './lock.ts';
import { recordedGroup, verifiedGroup } from './verify.ts';
import {
  findGroup,
  type Finished,
  openWorkshop,
  type Places,
  sourcesOf,
  type WantedSource,
} from './workshop.ts';

export { installPath } from './install-path.ts';
export { verifyArtefact } from './verify.ts';

/** With names only these artefacts, though their whole groups are made. */
export interface ProvideOptions extends Places, Wanted {
  readonly source: WantedSource;
  readonly report: Report;
  /** Use the cache only. */
  readonly offline?: boolean;
  /** Ends the waiting for another process that compiles. */
  readonly signal?: AbortSignal;
}

/**
 * Every artefact, verified, from the cache; what is missing there is downloaded or compiled first.
 * Contacts nothing and starts no process when nothing is missing. Throws ArtefactError.
 */
export async function provideArtefacts(options: ProvideOptions): Promise<Artefacts> {
  const shop = openWorkshop(options);
  const groups = groupsOf(shop.lock, options);
  const found = groups.map((group) => findGroup(group, sourcesOf(group, options.source), shop));
  const missing = groups.filter((_, index) => found[index] === undefined);
  const finished = [
    ...found.filter((one) => one !== undefined),
    // What makes them takes a while to load, and is seldom needed.
    ...(missing.length === 0 ? [] : await (await import('./missing.ts')).makeMissing(missing, shop, options)),
  ];
  const verified = await Promise.all(
    groups.flatMap((group) => finished.filter((one) => one.group === group).map(verify)),
  );
  return collection(verified.flat(), options.names);
}

/** What the cache holds as recorded, or undefined when something is missing or was touched. Only looks. */
export function cachedArtefacts(source: WantedSource, options: Places & Wanted = {}): Artefacts | undefined {
  const shop = openWorkshop(options);
  const all: Artefact[] = [];
  for (const group of groupsOf(shop.lock, options)) {
    const found = findGroup(group, sourcesOf(group, source), shop);
    const artefacts = found && recordedGroup(found.group, found.source, found.folder);
    if (artefacts === undefined) return undefined;
    all.push(...artefacts);
  }
  return collection(all, options.names);
}

function verify({ group, source, folder }: Finished): Promise<readonly Artefact[]> {
  return verifiedGroup(group, source, folder);
}

function collection(artefacts: readonly Artefact[], names?: readonly string[]): Artefacts {
  const wanted = artefacts.filter(({ name }) => names?.includes(name) ?? true);
  const byName = new Map(wanted.map((artefact) => [artefact.name, artefact]));
  return {
    all: () => wanted,
    get(name) {
      const artefact = byName.get(name);
      if (artefact) return artefact;
      throw new ArtefactError(`no artefact is called ${name}`, {
        evidence: [`known: ${[...byName.keys()].join(', ')}`],
      });
    },
  };
}
