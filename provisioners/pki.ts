import { daysIn } from '../src/cluster/duration.ts';
import type { Cluster } from '../src/cluster/model.ts';
import { HardwayError, StateError } from '../src/errors.ts';
import type { Authority } from '../src/pki/authority.ts';
import type { Renewal } from '../src/pki/renewal.ts';
import { openPki, type PkiStore } from '../src/pki/store.ts';
import { authorities, type AuthorityName, type CertificateEntry, certificates } from './certificates.ts';

/** Everything signed for this cluster, as the phases use it. */
export interface ClusterPki {
  authority(name: AuthorityName): Authority;
  /** `<holder>/<purpose>` of the table in certificates.ts; PEM. */
  leaf(name: string): { readonly certificate: string; readonly key: string };
  readonly serviceAccount: { readonly privatePem: string; readonly publicPem: string };
  readonly renewal?: Renewal | undefined;
}

/** The cluster's PKI in memory; on disk when it is kept. */
export interface PreparedPki extends ClusterPki {
  /** Writes what was made or renewed. */
  keep(): Promise<void>;
}

/**
 * Loads the cluster's PKI from a folder of the operator's and makes what is missing or no longer fits; it is written
 * when `keep` is called. Authorities are made only while `mayCreate`; a missing one is otherwise a StateError.
 */
export async function preparePki(
  cluster: Cluster,
  folder: string,
  mayCreate: boolean,
  renewal?: Renewal,
): Promise<PreparedPki> {
  const writes: (() => Promise<void>)[] = [];
  const store = openPki(folder, {
    algorithm: cluster.pki.algorithm,
    later: (write) => writes.push(write),
    renew: (name) => renewal?.names.has(name) === true,
  });
  const names = Object.keys(authorities) as AuthorityName[];
  const pair = store.ensureKeyPair('service-account', { mayCreate });
  const days = daysIn(cluster.pki.caValidity);
  const making = names.map((name) =>
    store.ensureAuthority(name, { commonName: authorities[name], days }, { mayCreate }),
  );
  refuseFaults(await Promise.allSettled([pair, ...making]));
  const [serviceAccount, made] = [await pair, await Promise.all(making)];
  const byName = new Map(names.map((name, index) => [name, made[index]]));
  const authority = (name: AuthorityName): Authority => known(byName.get(name), name);
  const roots = writes.splice(0);
  const entries = certificates(cluster);
  const leaves = await Promise.all(
    entries.map((entry) => ensure(store, entry, authority, daysIn(cluster.pki.leafValidity))),
  );
  const byEntry = new Map(entries.map(({ name }, index) => [name, leaves[index]]));
  return {
    authority,
    renewal,
    leaf: (name) => known(byEntry.get(name), name),
    serviceAccount: { privatePem: serviceAccount.privateKeyPem, publicPem: serviceAccount.publicKeyPem },
    // A leaf without its authority could not be told from somebody else's.
    async keep() {
      for (const write of roots.splice(0)) await write();
      await Promise.all(writes.splice(0).map((write) => write()));
    },
  };
}

/** Whoever restores a backup learns at once of everything that is missing. Throws StateError. */
function refuseFaults(results: readonly PromiseSettledResult<unknown>[]): void {
  const faults = results.flatMap((result) =>
    result.status === 'rejected' ? [result.reason as unknown] : [],
  );
  const [first, ...more] = faults.filter((fault) => fault instanceof StateError);
  if (first === undefined || more.length + 1 < faults.length) return;
  throw new StateError([first, ...more].map(({ message }) => message).join('; '), {
    evidence: [first, ...more].flatMap(({ evidence }) => evidence),
    ...(first.remedy === undefined ? {} : { remedy: first.remedy }),
  });
}

async function ensure(
  store: PkiStore,
  entry: CertificateEntry,
  authority: (name: AuthorityName) => Authority,
  days: number,
): Promise<{ certificate: string; key: string }> {
  const leaf = await store.ensureLeaf(entry.name, { ...entry, days }, authority(entry.authority));
  return { certificate: leaf.certificatePem, key: leaf.keyPem };
}

function known<T>(thing: T | undefined, name: string): T {
  if (thing === undefined) throw new HardwayError('INTERNAL', `${name} is not in the table of certificates`);
  return thing;
}
