/** The scratch recipe for the default cluster, with placeholders for whatever is secret or differs. */
import { X509Certificate } from 'node:crypto';
import type { Artefact, Artefacts } from '../../src/artefacts/artefact.ts';
import { defaultLockFile, fill, type Group, groupsOf, readLock } from '../../src/artefacts/lock.ts';
import type { Cluster } from '../../src/cluster/model.ts';
import type { Plan } from '../../src/engine/phase.ts';
import type { Resource } from '../../src/engine/resource.ts';
import type { Authority } from '../../src/pki/authority.ts';
import type { ClusterPki } from '../../provisioners/pki.ts';
import { recipeOf } from '../../provisioners/recipe.ts';
import type { Scope } from '../../provisioners/scope.ts';
import { certificateLasting } from './lasting.ts';
import { cluster, factsOf, type Kind } from './machines.ts';

/** The certificate of every authority, as the facts script prints it. */
export const AUTHORITY = certificateLasting(3650);
const { fingerprint256: fingerprint } = new X509Certificate(Buffer.from(AUTHORITY, 'base64'));
/** The moment at which everything is rendered. */
export const NOW = new Date('2026-09-01T12:00:00Z');

export const placeholders: ClusterPki = {
  authority: (name) =>
    ({
      certificatePem: `<certificate of authority ${name}>\n`,
      trustPem: `<certificate of authority ${name}>\n`,
      trusted: [fingerprint],
      recognized: [fingerprint],
      signed: () => true,
    }) as unknown as Authority,
  leaf: (name) => ({ certificate: `<certificate ${name}>\n`, key: `<key ${name}>\n` }),
  serviceAccount: {
    privatePem: '<private key service-account>\n',
    publicPem: '<public key service-account>\n',
  },
};

/** What the lock names for a cluster with these add-ons, each with the digest aaaa… */
export function fakeArtefacts(addons: readonly string[] = []): Artefacts {
  const lock = readLock(defaultLockFile());
  const [all, known] = [groupsOf(lock, { addons }), lock.groups].map((groups) => groups.flatMap(described));
  const get = (name: string): Artefact => {
    const found = known?.find((one) => one.name === name);
    if (found === undefined) throw new Error(`the lock names no ${name}`);
    return found;
  };
  return { all: () => all ?? [], get };
}

const described = ({ version, files }: Group): Artefact[] =>
  files.map((file) => ({
    ...{ name: file.name, kind: file.kind, version, source: 'releases', file: `/cache/${file.name}` },
    ...{ sha256: 'a'.repeat(64), size: 1 },
    ...(file.kind === 'image' ? { reference: fill(file.image.reference, { version }) } : {}),
  }));

/** The plan for all machines of one kind; `more` are lines that the facts of every machine also have. */
export function planFor(kind: Kind, more: readonly string[] = [], wanted: Cluster = cluster): Plan<Scope> {
  const facts = new Map(wanted.nodes.map(({ name }) => [name, factsOf(kind, name, ...more)]));
  const encryption = [
    { name: 'key1', provider: wanted.security.encryption, secret: '<key master/encryption>' },
  ];
  const input = {
    ...{ cluster: wanted, pki: placeholders, encryption, artefacts: fakeArtefacts() },
    token: '<id>.<secret>',
  };
  const restarting = { machines: async () => [], reload: async () => {}, report: () => undefined };
  return recipeOf({ ...input, leaving: [], hostCpus: 2, restarting }).plan(facts) as Plan<Scope>;
}

/** Every resource of one machine in the order of the recipe, with its phase and stage. */
export const resourcesOf = (
  plan: Plan<Scope>,
  machine: string,
): { phase: string; stage: string; resource: Resource }[] =>
  plan.phases.flatMap((phase) =>
    phase.stages
      .filter(({ on }) => (on ?? phase.on).includes(machine))
      .flatMap((stage) =>
        stage
          .resources(plan.scope(machine))
          .map((resource) => ({ phase: phase.name, stage: stage.title, resource })),
      ),
  );
