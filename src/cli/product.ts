import type { Artefacts } from '../artefacts/artefact.ts';
import type { Cluster, Node } from '../cluster/model.ts';
import type { Connection } from '../connection/connection.ts';
import type { Script } from '../connection/quote.ts';
import type { Machine } from '../engine/converge.ts';
import type { Recipe } from '../engine/phase.ts';
import type { Survey } from '../engine/survey.ts';
import type { Report } from '../report/event.ts';
import type { Check } from './check.ts';

/** What the command needs of the recipe; src/ itself knows nothing of Kubernetes. */
export interface Product {
  /** Loads or makes everything that is signed; writes nothing. Authorities only while `mayCreate`. */
  prepare(cluster: Cluster, pkiFolder: string, mayCreate: boolean): Promise<Prepared>;
  /** Reads what kind of machine one is; the same whatever the cluster. */
  facts(): Promise<Script>;
  /** What each present machine and the cluster as a whole are like. Reads only; waits up to `patience` seconds for health. */
  status(
    cluster: Cluster,
    machines: ReadonlyMap<string, Connection>,
    patience: number,
  ): Promise<ClusterStatus>;
  /**
   * From what the machines said in a run that found nothing left to do: all nodes when the rest is evidently well
   * too; null: `status` must find out.
   */
  glance(cluster: Cluster, surveys: ReadonlyMap<string, Survey>): Promise<readonly NodeStatus[] | null>;
  /** Takes everything of ours off one machine; data only when asked by name. */
  removal(cluster: Cluster, pkiFolder: string): Promise<Script>;
  /** What `verify` can prove, by name. */
  checks(): Promise<Readonly<Record<string, Check>>>;
  /** The recipe's phases in their order. */
  phases(cluster: Cluster): Promise<readonly PhaseSummary[]>;
  /** What the recipe wants of a machine under these ids, and which keys of cluster.json are behind each. */
  explain(cluster: Cluster, machine: string, is: (id: string) => boolean): Promise<readonly Explanation[]>;
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

/** What a phase is, for people. */
export interface PhaseSummary {
  readonly name: string;
  readonly title: string;
  readonly on: readonly string[];
  /** What must hold before it can run: "etcd to have a quorum". */
  readonly needs: readonly string[];
  /** The official page. */
  readonly docs: string;
}

export interface Prepared {
  recipe(circumstances: Circumstances): Recipe<unknown>;
  /** Writes what was made; called when the machines have been asked and nothing stands against it. */
  keep(): Promise<void>;
  /** The administrator's kubeconfig. */
  readonly kubeconfig: string;
}

/** What the recipe is told of this run. */
export interface Circumstances {
  readonly artefacts: Artefacts;
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
