import pLimit from 'p-limit';
import { ArtefactError } from '../errors.ts';
import type { Report } from '../report/event.ts';
import type { Artefact, Artefacts } from './artefact.ts';
import type { Source } from './cache.ts';
import { groupsOf, type Group } from './lock.ts';
import { unreachable } from './reachable.ts';
import { addressesOf } from './release-forms.ts';
import { requireToolchain } from './toolchain.ts';
import { recordedGroup, verifiedGroup } from './verify.ts';
import { findGroup, makeGroup, openWorkshop, type Finished, type Places, type Workshop } from './workshop.ts';

export { installPath } from './install-path.ts';
export { verifyArtefact } from './verify.ts';

/** 'auto' takes releases where they can be reached and Go modules otherwise. */
export type WantedSource = 'auto' | Source;

export interface ProvideOptions extends Places {
  readonly source: WantedSource;
  readonly report: Report;
  /** Only these artefacts; their whole groups are made. Default: all of the lock. */
  readonly names?: readonly string[];
  /** Use the cache only. */
  readonly offline?: boolean;
}

/**
 * Every artefact, verified, from the cache; what is missing there is downloaded or compiled first.
 * Contacts nothing and starts no process when nothing is missing. Throws ArtefactError.
 */
export async function provideArtefacts(options: ProvideOptions): Promise<Artefacts> {
  const shop = openWorkshop(options);
  const groups = groupsOf(shop.lock, options.names);
  const found = groups.map((group) => findGroup(group, sourcesOf(group, options.source), shop));
  const missing = groups.filter((_, index) => found[index] === undefined);
  const finished = [
    ...found.filter((one) => one !== undefined),
    ...(await makeMissing(missing, shop, options)),
  ];
  const verified = await Promise.all(
    groups.flatMap((group) => finished.filter((one) => one.group === group).map(verify)),
  );
  return collection(verified.flat(), options.names);
}

/** What the cache holds as recorded, or undefined when something is missing or was touched. Only looks. */
export function cachedArtefacts(
  source: WantedSource,
  options: Places & { readonly names?: readonly string[] } = {},
): Artefacts | undefined {
  const shop = openWorkshop(options);
  const all: Artefact[] = [];
  for (const group of groupsOf(shop.lock, options.names)) {
    const found = findGroup(group, sourcesOf(group, source), shop);
    const artefacts = found && recordedGroup(found.group, found.source, found.folder);
    if (artefacts === undefined) return undefined;
    all.push(...artefacts);
  }
  return collection(all, options.names);
}

function sourcesOf(group: Group, source: WantedSource): readonly Source[] {
  if (group.releases === null) return ['modules'];
  return source === 'auto' ? ['releases', 'modules'] : [source];
}

async function makeMissing(
  missing: readonly Group[],
  shop: Workshop,
  options: ProvideOptions,
): Promise<readonly Finished[]> {
  if (missing.length === 0) return [];
  if (options.offline) throw notCached(missing, shop);
  const obstacles = await Promise.all(
    missing.map((group) => obstacleToReleases(group, shop, options.source)),
  );
  const downloaded = missing.filter((_, index) => obstacles[index] === null);
  const compiled = missing.filter((group) => !downloaded.includes(group));
  if (compiled.length > 0) {
    const reason = [...new Set(obstacles.filter((one) => one !== null))].join('; ');
    await requireToolchain(compiled, shop.modules, reason);
    options.report({ type: 'note', text: `compiling ${titles(compiled)} from Go modules: ${reason}` });
  }
  const finished = [...(await downloadAll(downloaded, shop, options.report))];
  // One after another: each compilation takes all processors anyway.
  for (const group of compiled) finished.push(await makeGroup(group, 'modules', shop, options.report));
  return finished;
}

/** A few at once; when one fails, the others are finished (and kept) before its error is thrown. */
async function downloadAll(
  groups: readonly Group[],
  shop: Workshop,
  report: Report,
): Promise<readonly Finished[]> {
  const atOnce = pLimit(3);
  const outcomes = await Promise.allSettled(
    groups.map((group) => atOnce(() => makeGroup(group, 'releases', shop, report))),
  );
  return outcomes.map((outcome) => {
    if (outcome.status === 'rejected') throw outcome.reason;
    return outcome.value;
  });
}

/** Why a group's releases are not used, in words; null when they are. */
async function obstacleToReleases(
  group: Group,
  shop: Workshop,
  source: WantedSource,
): Promise<string | null> {
  if (source === 'modules') return 'the source "modules" was asked for and the cache does not hold it yet';
  if (group.releases === null) return 'upstream publishes no binary of it';
  if (source === 'releases') return null;
  const addresses = addressesOf(group, group.releases, shop.arch);
  const answers = await Promise.all(
    addresses.map(({ url, accept }) => unreachable(url, { ...shop, accept })),
  );
  return answers.find((answer) => answer !== null) ?? null;
}

function verify({ group, source, folder }: Finished): Promise<readonly Artefact[]> {
  return verifiedGroup(group, source, folder);
}

function notCached(missing: readonly Group[], shop: Workshop): ArtefactError {
  return new ArtefactError(`the cache does not hold ${titles(missing)}, and --offline forbids to fetch it`, {
    evidence: [`looked in ${shop.store}`],
    remedy: 'Run once without --offline: the cache then serves every later run.',
  });
}

function titles(groups: readonly Group[]): string {
  return groups.map(({ name, version }) => `${name} ${version}`).join(', ');
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
