import type { Artefacts } from '../artefacts/artefact.ts';
import type { Duration } from '../cluster/duration.ts';
import type { Cluster, Node } from '../cluster/model.ts';
import type { Connection } from '../connection/connection.ts';
import type { Script } from '../connection/quote.ts';
import type { Machine } from '../engine/converge.ts';
import type { Recipe } from '../engine/phase.ts';
import type { Survey } from '../engine/survey.ts';
import type { Renewal } from '../pki/renewal.ts';
import type { Report } from '../report/event.ts';
import type { State } from '../state/directory.ts';
import type { EncryptionKey } from '../state/encryption-keys.ts';
import type { Expiring } from './calendar.ts';
import type { Check } from './check.ts';
import type { Demonstration } from './demonstration.ts';
import type { Hand } from './hand.ts';
import type { Overview } from './overview.ts';
import type { Probes } from './probe.ts';

/** What the command needs of the recipe; src/ itself knows nothing of Kubernetes. */
export interface Product {
  /** Loads or makes all keys and certificates; writes nothing. What is kept for ever is made only while `mayCreate`. */
  prepare(cluster: Cluster, state: State, mayCreate: boolean, renewal?: Renewal): Promise<Prepared>;
  /** Reads what kind of machine one is; the same whatever the cluster. */
  facts(): Promise<Script>;
  /** What the closing check of a run looks at. Reads only; waits up to `patience` seconds for health. */
  status(
    cluster: Cluster,
    machines: ReadonlyMap<string, Connection>,
    patience: number,
  ): Promise<ClusterStatus>;
  /** Everything that `status` shows of machines and cluster, causes first. Reads only, a second or two. */
  overview(cluster: Cluster, machines: ReadonlyMap<string, Connection>): Promise<Overview>;
  /**
   * From what the machines said in a run that found nothing left to do: all nodes when the rest is evidently well
   * too; null: `status` must find out.
   */
  glance(cluster: Cluster, surveys: ReadonlyMap<string, Survey>): Promise<readonly NodeStatus[] | null>;
  /** Takes everything of ours off one machine; data only when asked by name. */
  removal(cluster: Cluster, pkiFolder: string, isNew: boolean): Promise<Script>;
  /** Takes every join token of ours out of the cluster; run on a machine of this role. */
  revocation(cluster: Cluster): Promise<{ readonly on: readonly string[]; readonly script: Script }>;
  /** A kubeconfig for a person, signed here. Throws UsageError for a name or a group that nobody may be given. */
  user(cluster: Cluster, pkiFolder: string, request: UserRequest): Promise<User>;
  /** What there is to know of certificates. */
  pki(): Promise<PkiKnowledge>;
  /** What `verify` can prove, by name. */
  checks(): Promise<Readonly<Record<string, Check>>>;
  /** What `verify` proves by using the cluster. */
  probes(): Promise<Probes>;
  /** A workload that shows that the cluster works. */
  demonstration(): Promise<Demonstration>;
  /** What is encrypted in the database. */
  atRest(cluster: Cluster): Promise<AtRest>;
  /** What the verbs of every day need. */
  hand(): Promise<Hand>;
  /** Everything that may run inside the cluster: built-in, charts, and what lies in addons/ beside cluster.json. */
  addons(cluster: Cluster, folder: string): Promise<readonly AddonSummary[]>;
  /** The recipe's phases in their order. */
  phases(cluster: Cluster): Promise<readonly PhaseSummary[]>;
  /** What `explain` says. */
  teaching(): Promise<{
    /** About a word, or "role" and which; none: nothing is called so. */
    explained(cluster: Cluster, words: readonly string[]): readonly Told[];
    meantBy(cluster: Cluster, word: string): string | undefined;
  }>;
  /** What the recipe wants of a machine under these ids, and which keys of cluster.json are behind each. */
  explain(cluster: Cluster, machine: string, is: (id: string) => boolean): Promise<readonly Explanation[]>;
}

export interface PkiKnowledge {
  /** Common name of each authority, by its name in the state directory. */
  readonly authorities: Readonly<Record<string, string>>;
  /** Why a cluster's authorities cannot be rotated; null: they can. */
  fixed(cluster: Cluster): string | null;
  /** Seconds after which everybody who runs has read a changed authority again. */
  readonly rereading: Readonly<Record<string, number>>;
  /** `<holder>/<purpose>` of every certificate that can be renewed. */
  renewable(cluster: Cluster): readonly string[];
  /** Prints every certificate on a machine; reads only. */
  readonly calendar: Script;
  /** What it printed. */
  readCalendar(output: string): Expiring[];
  /** What a machine needs to be a node, by its path on the machine. Made on this side alone. */
  bundle(cluster: Cluster, node: Node, state: State): Promise<readonly BundledFile[]>;
}

export interface BundledFile {
  /** "etc/kubernetes/pki/ca.crt" */
  readonly path: string;
  readonly content: string;
  readonly mode: number;
}

export interface UserRequest {
  readonly name: string;
  readonly groups: readonly string[];
  /** How long the certificate lives. */
  readonly ttl: Duration;
}

export interface User {
  readonly kubeconfig: string;
  /** Of the certificate, hexadecimal. */
  readonly serial: string;
  readonly expires: Date;
}

export interface AtRest {
  /** The phase that tells the keys to whoever uses them. */
  readonly phase: string;
  /** Waits until all of those serve with the keys that they were told last. Throws MachineError. */
  ready(machines: ReadonlyMap<string, Connection>): Promise<void>;
  /**
   * Has everything written again until the database itself shows that all of it was written with this key; returns how
   * much there is. Throws MachineError when it cannot be shown.
   */
  rewrite(machines: ReadonlyMap<string, Connection>, key: EncryptionKey): Promise<number>;
}

export interface Explanation {
  readonly id: string;
  readonly phase: string;
  /** The official page of its phase. */
  readonly docs: string;
  readonly why: string;
  /** "network.podCidr" */
  readonly keys: readonly string[];
}

export interface AddonSummary {
  readonly name: string;
  readonly kind: 'built-in' | 'chart' | 'file';
  readonly on: boolean;
  /** One sentence. */
  readonly describe: string;
}

/** One thing explained. */
export interface Told {
  readonly title: string;
  /** What it is for, in one sentence. */
  readonly says: string;
  /** Each with a label of one word. */
  readonly facts: readonly (readonly [label: string, text: string])[];
}

/** What a phase is, for people. */
export interface PhaseSummary {
  readonly name: string;
  /** master: up to the control plane; minion: machines become nodes; null: of the cluster as a whole. */
  readonly part: 'master' | 'minion' | null;
  readonly title: string;
  readonly on: readonly string[];
  /** What must hold before it can run: "etcd to have a quorum". */
  readonly needs: readonly string[];
  /** The official page. */
  readonly docs: string;
}

export interface Prepared {
  /** Reads what the user put beside cluster.json. */
  recipe(circumstances: Circumstances): Promise<Recipe<unknown>>;
  /** Writes what was made; called when the machines have been asked and nothing stands against it. */
  keep(): Promise<void>;
  /** The administrator's kubeconfig. */
  readonly kubeconfig: string;
}

/** What the recipe is told of this run. */
export interface Circumstances {
  readonly artefacts: Artefacts;
  /** Where cluster.json lies. */
  readonly folder: string;
  /** The join token. */
  readonly token: string;
  /** Machines that are no longer in cluster.json. */
  readonly leaving: readonly Node[];
  /** CPUs of this host. */
  readonly hostCpus: number;
  readonly restarting: {
    readonly machines: () => Promise<readonly Machine[]>;
    /** Stops and starts a machine of Vagrant's. */
    readonly reload: (name: string) => Promise<void>;
    readonly report: Report;
  };
}

export interface ClusterStatus {
  readonly nodes: readonly NodeStatus[];
  /** One sentence a problem; empty: all is well. */
  readonly problems: readonly string[];
}

export interface NodeStatus {
  readonly name: string;
  readonly roles: readonly string[];
  readonly address: string;
  /** "Ready", "NotReady: …", "not registered", "not there". */
  readonly state: string;
  /** What the node itself says; empty when it is not registered. */
  readonly internalIP: string;
  readonly version: string;
}
