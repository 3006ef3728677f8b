import type { Artefacts } from '../artefacts/artefact.ts';
import type { Cluster } from '../cluster/model.ts';
import type { Connection } from '../connection/connection.ts';
import type { Script } from '../connection/quote.ts';
import type { Recipe } from '../engine/phase.ts';

/** What the command needs of the recipe; src/ itself knows nothing of Kubernetes. */
export interface Product {
  /** Loads or makes everything that is signed. Authorities only while `mayCreate`. */
  prepare(cluster: Cluster, pkiFolder: string, mayCreate: boolean): Promise<Prepared>;
  /** What each present machine and the cluster as a whole are like. Reads only; waits up to `patience` seconds for health. */
  status(
    cluster: Cluster,
    machines: ReadonlyMap<string, Connection>,
    patience: number,
  ): Promise<ClusterStatus>;
  /** Takes everything of ours off one machine; data only when asked by name. */
  removal(cluster: Cluster, pkiFolder: string): Promise<Script>;
}

export interface Prepared {
  recipe(artefacts: Artefacts, token: string): Recipe<unknown>;
  /** The administrator's kubeconfig. */
  readonly kubeconfig: string;
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
