/** A cluster of model machines and the real recipe and engine over it. */
import type { Artefact, Artefacts } from '../../src/artefacts/artefact.ts';
import { optionalFor } from '../../src/artefacts/optional.ts';
import { derive } from '../../src/cluster/derive.ts';
import { inspect } from '../../src/cluster/inspect.ts';
import type { Cluster, Node } from '../../src/cluster/model.ts';
import { converge, type Outcome } from '../../src/engine/converge.ts';
import { newAuthority } from '../../src/pki/authority.ts';
import type { Event } from '../../src/report/event.ts';
import { certificates } from '../../provisioners/certificates.ts';
import type { ClusterPki } from '../../provisioners/pki.ts';
import { recipeOf } from '../../provisioners/recipe.ts';
import { type Cut, ModelCluster } from '../model/cluster.ts';
import { sha256Of } from '../model/disk.ts';
import type { Kind } from '../model/kernel.ts';
import { fakeArtefacts } from '../provisioners/scratch.ts';

/** As loadCluster, from an object; throws when it breaks a rule. */
export function described(description: object): Cluster {
  const { problems, description: sound } = inspect(JSON.stringify(description), 'cluster.json');
  if (sound === undefined) throw new Error(problems.map(({ message }) => message).join('\n'));
  return derive(sound, '/');
}

/** What the lock names for such a cluster, each with a digest of its own. */
const provided = (optional: readonly string[]): Artefacts => {
  const all = fakeArtefacts(optional)
    .all()
    .map((one): Artefact => ({ ...one, sha256: sha256Of(`${one.name} ${one.version}`) }));
  const get = (name: string): Artefact => all.find((one) => one.name === name) ?? fakeArtefacts().get(name);
  return { all: () => all, get };
};

/** Of every style. */
export const artefacts = provided(['static-pods']);

const authority = await newAuthority({ commonName: 'kubernetes', days: 3650 });

/** Certificates that say what they were made for: another description makes other ones. */
function pkiFor(cluster: Cluster): ClusterPki {
  const entries = new Map(certificates(cluster).map((entry) => [entry.name, entry]));
  return {
    authority: () => authority,
    leaf: (name) => ({
      certificate: `<certificate ${JSON.stringify(entries.get(name))}>\n`,
      key: `<key of ${name}>\n`,
    }),
    serviceAccount: { privatePem: '<private key>\n', publicPem: '<public key>\n' },
  };
}

const encryption = [{ name: 'key1', provider: 'secretbox', secret: '<key>' }] as const;

/** Bare machines, all of them there. */
export function newModel(description: Cluster, kind: Kind): ModelCluster {
  const model = new ModelCluster({ description, artefacts, kind });
  describe(model, description);
  return model;
}

/** Edits cluster.json; machines that are new in it are bare. */
export function describe(model: ModelCluster, description: Cluster): void {
  model.description = description;
  for (const { name } of description.nodes) model.machine(name);
}

export interface Told {
  readonly outcome: Outcome;
  readonly events: readonly Event[];
  /** `<machine> <resource>` as often as it was told, in the order of the run. */
  readonly changed: readonly string[];
  /** The same of what a plan could not find out. */
  readonly uncertain: readonly string[];
}

export interface RunOptions {
  readonly planOnly?: boolean;
  readonly leaving?: readonly Node[];
  readonly cut?: Cut;
}

/** One `up`, or one `plan`. */
export async function run(model: ModelCluster, options: RunOptions = {}): Promise<Told> {
  const { planOnly = false, leaving = [], cut = null } = options;
  const { description: cluster } = model;
  const events: Event[] = [];
  Object.assign(model, { cut, effects: 0, broken: false });
  const report = (event: Event): void => void events.push(event);
  const machines = async () => [
    ...cluster.nodes.map(({ name }) => ({ name, connection: model.machine(name).connection() })),
    ...leaving.map(({ name }) => ({ name, connection: model.machine(name).connection(), leaving: true })),
  ];
  const reload = async (name: string): Promise<void> => {
    const machine = model.machine(name);
    machine.give();
    machine.reboot();
  };
  const recipe = recipeOf({
    ...{ cluster, pki: pkiFor(cluster), encryption, token: 'abcdef.0123456789abcdef', leaving },
    artefacts: provided(optionalFor(cluster)),
    ...{ hostCpus: 16, restarting: { machines, reload, report } },
  });
  const outcome = await converge({ recipe, planOnly, report, machines });
  Object.assign(model, { cut: null, broken: false });
  if (model.surprises.length > 0) throw new Error(model.surprises.join('\n'));
  const changes = events.filter((event) => event.type === 'change');
  const names = (some: typeof changes): string[] =>
    some.map(({ machine, resource }) => `${machine} ${resource}`);
  return {
    ...{ outcome, events },
    changed: names(changes.filter((change) => !('uncertain' in change))),
    uncertain: names(changes.filter((change) => 'uncertain' in change)),
  };
}
