import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import pLimit from 'p-limit';
import { ArtefactError } from '../errors.ts';
import type { Holder } from '../state/holder.ts';
import { called, withLock } from '../state/lock.ts';
import type { Report } from '../report/event.ts';
import type { ProvideOptions } from './artefacts.ts';
import { requireCompanions } from './companions.ts';
import { type Group, wrappedBy } from './lock.ts';
import { makeGroup, wrapGroup } from './make-group.ts';
import { unreachable } from './reachable.ts';
import { addressesOf } from './release-forms.ts';
import { requireToolchain } from './toolchain.ts';
import { findGroup, type Finished, sourcesOf, type WantedSource, type Workshop } from './workshop.ts';

type Wanted = Pick<ProvideOptions, 'source' | 'report' | 'offline' | 'signal'>;

/** Downloads these groups, or compiles those whose releases cannot be reached; images of programs are made of those. */
export async function makeMissing(
  missing: readonly Group[],
  shop: Workshop,
  options: Wanted,
): Promise<readonly Finished[]> {
  await requireCompanions(missing);
  const fetched = [...new Set(missing.flatMap((group) => unwrapped(group, shop, options.source)))];
  const finished = fetched.length === 0 ? [] : await fetchMissing(fetched, shop, options);
  const wrapping = missing.filter(({ wraps }) => wraps !== undefined);
  const wrapped = await Promise.all(wrapping.map((group) => wrapGroup(group, shop, options.source)));
  return [...finished.filter(({ group }) => missing.includes(group)), ...wrapped];
}

/** What must be fetched for a group: itself, or what it wraps unless that is there. */
function unwrapped(group: Group, shop: Workshop, source: WantedSource): readonly Group[] {
  if (group.wraps === undefined) return [group];
  const inner = wrappedBy(group.wraps, shop.lock);
  return findGroup(inner, sourcesOf(inner, source), shop) === undefined ? [inner] : [];
}

async function fetchMissing(
  missing: readonly Group[],
  shop: Workshop,
  options: Wanted,
): Promise<readonly Finished[]> {
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
  for (const group of compiled) finished.push(await compile(group, shop, options));
  return finished;
}

/** Seconds to wait for another process that compiles; a slow computer needs most of an hour for everything. */
const PATIENCE = 3600;

/** One process at a time for each cache, for the same reason; who comes next finds what was made. */
async function compile(group: Group, shop: Workshop, { report, signal }: Wanted): Promise<Finished> {
  const folder = join(dirname(shop.store), 'compiling');
  await mkdir(folder, { recursive: true });
  const onWait = (holder: Holder): void =>
    report({ type: 'note', text: `waiting for ${called(holder)}, which compiles, too` });
  return withLock(
    folder,
    { who: `compile ${group.name}`, wait: PATIENCE, onWait, ...(signal === undefined ? {} : { signal }) },
    async () => findGroup(group, ['modules'], shop) ?? makeGroup(group, 'modules', shop, report),
  );
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
  if (group.releases === null) return 'nobody publishes a binary of it';
  if (source === 'releases') return null;
  const addresses = addressesOf(group, group.releases, shop.arch);
  const answers = await Promise.all(
    addresses.map(({ url, accept }) => unreachable(url, { ...shop, accept })),
  );
  return answers.find((answer) => answer !== null) ?? null;
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
