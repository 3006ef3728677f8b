import type { Cluster, Node } from '../cluster/model.ts';
import type { Connection } from '../connection/connection.ts';
import type { Script } from '../connection/quote.ts';

/** What the verbs of every day need of the recipe. */
export interface Hand {
  readonly client: Client;
  readonly kubeconfigs: Kubeconfigs;
  readonly versions: Versions;
  readonly database: Database;
  readonly web: Web;
  /** Names of the units that make a machine what it is. */
  units(cluster: Cluster, node: Node): readonly string[];
  /** Where one of them writes that runs as a pod of the machine's own kubelet: a pattern in which `$unit` is its name. */
  readonly podFiles: Script;
}

/** Operating system and CPU as releases call them. */
export interface System {
  readonly os: 'linux' | 'darwin' | 'windows';
  readonly arch: string;
}

/** The program that people talk to the cluster with. */
export interface Client {
  /** "kubectl"; also what the artefact is called. */
  readonly name: string;
  /** Where releases begin, for a mirror to take its place. */
  readonly home: string;
  /** Its file among the releases; null: none is made for such a system. */
  address(version: string, system: System): string | null;
  /** Arguments with which it tells its version, and what it told; null: it did not. */
  readonly versionArguments: readonly string[];
  versionIn(output: string): string | null;
  /** Arguments that list the nodes, as the proof that all of it works. */
  readonly listing: readonly string[];
  /** Why this version does not go with the cluster; null: it does. */
  misfit(cluster: Cluster, version: string): string | null;
}

/** The user's own file of clusters, in which one entry of each kind is ours. */
export interface Kubeconfigs {
  /** The text with ours in it, the same when all is there already. Throws UsageError for a text or an entry in the way. */
  merge(text: string, own: Own): string;
  /** The text without ours. Throws UsageError for a text that cannot be read. */
  unmerge(text: string, own: Pick<Own, 'name' | 'origin' | 'file'>): string;
  /** The same kubeconfig with another address of the API. */
  at(kubeconfig: string, server: string): string;
  /** Addresses at which the API may answer, the usual one first. */
  servers(cluster: Cluster): readonly string[];
  /** The authority in a kubeconfig, PEM. */
  authority(kubeconfig: string): string;
}

export interface Own {
  /** The cluster's name. */
  readonly name: string;
  /** The state directory: by it our entries are told from those of another cluster of the same name. */
  readonly origin: string;
  readonly kubeconfig: string;
  /** Makes it the current one even when there is another. */
  readonly use: boolean;
  /** Takes the place of entries that are not ours. */
  readonly replace: boolean;
  /** The file that the text is from, for messages. */
  readonly file: string;
}

export interface Versions {
  /** Has each program that makes the machine what it is print its own; reads only. */
  script(cluster: Cluster, node: Node): Script;
  /** By program, without a leading v. */
  read(output: string): Readonly<Record<string, string>>;
  /** What is installed by this Hardway, by program. */
  wanted(cluster: Cluster): Readonly<Record<string, string>>;
  /** What Kubernetes does not allow beside each other, one sentence each. */
  problems(machines: ReadonlyMap<string, Readonly<Record<string, string>>>): readonly string[];
}

type Machines = ReadonlyMap<string, Connection>;

export interface Database {
  status(cluster: Cluster, machines: Machines): Promise<DatabaseStatus>;
  /** Writes a verified copy into a file here; nothing stays when the signal comes. Throws MachineError. */
  snapshot(cluster: Cluster, machines: Machines, file: string, signal: AbortSignal): Promise<Snapshot>;
  /** One member after the other, the leader last; told as each is done. Throws MachineError when one is not healthy. */
  defragment(cluster: Cluster, machines: Machines, told: (one: Defragmented) => void): Promise<void>;
  /** What each member still has, whether or not it has a quorum. */
  survivors(cluster: Cluster, machines: Machines): Promise<Recovery>;
  /** One member goes on alone; what the others have is set aside. Throws MachineError. */
  goOnAlone(cluster: Cluster, machines: Machines, chosen: string): Promise<void>;
}

export interface Recovery {
  readonly members: readonly Survivor[];
  readonly hasQuorum: boolean;
  /** Who knows most; null: nobody has anything. */
  readonly best: string | null;
}

export interface Survivor {
  readonly name: string;
  readonly state: 'in a quorum' | 'alone' | 'empty' | 'unreadable' | 'not there';
  /** As the database counts its changes. */
  readonly revision: number | null;
  /** Seconds since 1970. */
  readonly written: number | null;
}

export interface DatabaseStatus {
  readonly members: readonly Member[];
  /** One sentence each; empty: healthy. */
  readonly problems: readonly string[];
}

export interface Member {
  readonly name: string;
  readonly address: string;
  readonly state: 'healthy' | 'unhealthy' | 'down' | 'not there';
  /** Null: it could not be asked. */
  readonly role: 'leader' | 'follower' | 'learner' | null;
  /** Bytes. */
  readonly size: number | null;
  readonly inUse: number | null;
  readonly revision: number | null;
  readonly term: number | null;
  readonly version: string | null;
  readonly alarms: readonly string[];
}

export interface Snapshot {
  readonly member: string;
  readonly sha256: string;
  /** Bytes. */
  readonly size: number;
  /** As the database counts them. */
  readonly revision: number;
  readonly keys: number;
}

export interface Defragmented {
  readonly member: string;
  /** Bytes. */
  readonly before: number;
  readonly after: number;
}

/** The web interface that an add-on brings. */
export interface Web {
  readonly addon: string;
  /** Arguments of the client that forward a port of this computer's loopback to it. */
  forward(port: number): readonly string[];
  /** What it prints on standard output when it listens. */
  readonly listening: RegExp;
  /** Arguments of the client that print a token for logging in, which ends by itself. */
  readonly token: readonly string[];
}
