/** cluster.json as written: everything may be left out that has a default. Valid by schemas/cluster.schema.json. */
import type { AddonValues, Chart, Cluster, Role, SshTarget, Taint } from './model.ts';

export interface Description {
  readonly $schema?: string;
  readonly name?: string;
  readonly provider?: Cluster['provider'];
  readonly kubernetes?: Partial<Cluster['kubernetes']>;
  readonly network?: NetworkDescription;
  readonly host?: Partial<Cluster['host']>;
  readonly controlPlane?: Partial<Omit<Cluster['controlPlane'], 'endpoint'>> & { readonly endpoint?: string };
  readonly kubelet?: Partial<Cluster['kubelet']>;
  readonly kubeadm?: Partial<Cluster['kubeadm']>;
  readonly pki?: Partial<Cluster['pki']>;
  readonly token?: Partial<Cluster['token']>;
  readonly security?: Partial<Omit<Cluster['security'], 'audit'>> & {
    readonly audit?: Partial<Cluster['security']['audit']>;
  };
  readonly artefacts?: Partial<Cluster['artefacts']>;
  readonly timeouts?: Readonly<Record<string, number>>;
  readonly nodes?: readonly NodeEntry[];
  readonly addons?: Readonly<Record<string, AddonEntry>>;
}

/** Under "waitForNodes" a number or "all", under the name of a built-in add-on its values, otherwise a chart. */
export type AddonEntry = boolean | number | string | AddonValues | ChartEntry;

export type ChartEntry = Pick<Chart, 'chart'> & Partial<Chart>;

export interface NetworkDescription {
  readonly machineCidr?: string;
  readonly podCidr?: string;
  readonly serviceCidr?: string;
  readonly cni?: Cluster['network']['cni'];
  readonly flannel?: Partial<Cluster['network']['flannel']>;
  readonly policy?: boolean;
  readonly nodePortRange?: string;
  readonly kubeProxy?: Cluster['network']['kubeProxy'];
  readonly dns?: Partial<Cluster['network']['dns']>;
}

/** One machine, or with `count` several alike. */
export interface NodeEntry {
  readonly name: string;
  readonly roles: readonly Role[];
  readonly count?: number;
  readonly address?: string;
  readonly interface?: string;
  readonly cpus?: number;
  /** MiB */
  readonly memory?: number;
  readonly disk?: number;
  readonly labels?: Readonly<Record<string, string>>;
  readonly taints?: readonly TaintEntry[];
  /** "user@host/interface", "local", or in full. */
  readonly ssh?: string | SshEntry;
}

export interface SshEntry extends Partial<Omit<SshTarget, 'host' | 'bastion'>> {
  readonly host: string;
  /** "user@host", or in full. */
  readonly bastion?: string | SshEntry;
}

export type TaintEntry = Omit<Taint, 'value'> & { readonly value?: string };

/** A description of which parts are known to be wrong: those are there, and undefined, so that no default hides them. */
export type Judged<T> = T extends readonly (infer Item)[]
  ? readonly (Judged<Item> | undefined)[]
  : T extends object
    ? { readonly [Key in keyof T]: Judged<T[Key]> | undefined }
    : T;
