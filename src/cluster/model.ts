import type { Duration } from './duration.ts';

/** The cluster as resolved from cluster.json: every default filled in, every pool expanded. */

export type Role = 'etcd' | 'master' | 'minion';

export interface Cluster {
  readonly name: string;
  /** Who makes the machines that have no `ssh`. */
  readonly provider: 'vagrant' | 'qemu';
  readonly kubernetes: { readonly version: string; readonly flavour: 'scratch' | 'kubeadm' };
  readonly network: {
    /** CIDR of the network the machines share. */
    readonly machineCidr: string;
    readonly podCidr: string;
    readonly serviceCidr: string;
    /** What connects the pods of different machines; none: what the user brings. */
    readonly cni: 'flannel' | 'routes' | 'calico' | 'canal' | 'cilium' | 'kube-router' | 'none';
    readonly flannel: {
      /** Where its plan and the machines' subnets are kept. */
      readonly store: 'etcd' | 'kubernetes';
      readonly backend: 'vxlan' | 'host-gw' | 'wireguard';
      readonly vni: number;
    };
    /** NetworkPolicies hold. */
    readonly policy: boolean;
    /** Ports of every node, first and last: "30000-32767". */
    readonly nodePortRange: string;
    /** disabled: the network plug-in does Services. */
    readonly kubeProxy: 'nftables' | 'iptables' | 'disabled';
    readonly dns: { readonly domain: string; readonly serviceIP: string };
    /** First address of the service range: the API's own. */
    readonly apiServiceIP: string;
  };
  readonly controlPlane: {
    /** How everybody outside finds the API: a name, or an IPv4 address; null: nobody has said. */
    readonly endpoint: string | null;
    /** Who answers where there are several masters. */
    readonly loadBalancer: 'local' | 'keepalived' | 'kube-vip' | 'external';
    readonly sans: readonly string[];
    readonly port: number;
    readonly eventTTL: Duration;
    /** How its programs run: as units of systemd, or as pods that each master's kubelet reads from files. */
    readonly style: 'systemd' | 'static-pods';
    /** Masters are nodes too. */
    readonly registerNode: boolean;
    /** Masters take ordinary pods. */
    readonly schedulable: boolean;
    /** Flags without dashes, by program: "kube-apiserver". */
    readonly extraArgs: Readonly<Record<string, Readonly<Record<string, string>>>>;
  };
  readonly host: { /** Pods can mount NFS exports. */ readonly nfsClient: boolean };
  readonly kubelet: { readonly failCgroupV1: boolean };
  /** Counts only with that flavour. */
  readonly kubeadm: {
    readonly patches: readonly KubeadmPatch[];
    /** Names of checks. */
    readonly ignorePreflightErrors: readonly string[];
  };
  readonly pki: {
    /** Of the keys of servers and clients; authorities always have RSA keys. */
    readonly algorithm: 'ecdsa' | 'rsa';
    readonly leafValidity: Duration;
    readonly caValidity: Duration;
    /** Who signs what kubelets ask for: the operator's side, or the masters by themselves. */
    readonly signer: 'operator' | 'cluster';
  };
  readonly token: { readonly ttl: Duration };
  readonly security: {
    readonly profile: 'lab' | 'hardened';
    /** What a namespace without a label of its own allows to its pods. */
    readonly podSecurity: 'privileged' | 'baseline' | 'restricted';
    readonly encryption: 'secretbox' | 'aescbc';
    readonly audit: { readonly days: number; readonly megabytes: number; readonly files: number };
  };
  readonly artefacts: { readonly source: 'auto' | 'releases' | 'modules'; readonly box: 'baked' | 'bare' };
  /** Seconds, by condition name. */
  readonly timeouts: Readonly<Record<string, number>>;
  readonly nodes: readonly Node[];
  /** Built-in add-ons that are on, each with what cluster.json says of it. */
  readonly addons: Readonly<Record<string, AddonValues>>;
  /** How many nodes must be Ready before add-ons are applied; all: those that are there. */
  readonly waitForNodes: number | 'all';
  /** Helm charts by name, rendered on the operator's side. */
  readonly charts: Readonly<Record<string, Chart>>;
}

export interface Chart {
  /** A folder or .tgz beside cluster.json, https://….tgz with its sha256, or oci://…@sha256:…. */
  readonly chart: string;
  /** Of the download, lower-case hex. */
  readonly sha256?: string;
  readonly namespace: string;
  readonly values: Readonly<Record<string, unknown>>;
}

/** Defaults are the add-on's own affair. */
export type AddonValues = Readonly<Record<string, unknown>>;

/** A change to what kubeadm writes. */
export interface KubeadmPatch {
  readonly target:
    'kube-apiserver' | 'kube-controller-manager' | 'kube-scheduler' | 'etcd' | 'kubeletconfiguration';
  /** Default: strategic. */
  readonly type?: 'strategic' | 'merge' | 'json';
  readonly patch: object;
}

export interface Node {
  readonly name: string;
  readonly roles: readonly Role[];
  /** Where the cluster talks: inside machineCidr. */
  readonly address: string;
  /** The NIC that must carry the address; null: whichever does. */
  readonly interface: string | null;
  readonly cpus: number;
  /** MiB */
  readonly memory: number;
  /** GiB; counts where qemu runs it. */
  readonly disk: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: readonly Taint[];
  /** How it is reached, when cluster.json says so; otherwise Vagrant tells. local: it is the operator's own. */
  readonly ssh: SshTarget | 'local' | null;
}

export interface Taint {
  readonly key: string;
  readonly value: string;
  readonly effect: 'NoSchedule' | 'PreferNoSchedule' | 'NoExecute';
}

/**
 * An endpoint is where SSH connects; under VirtualBox that is 127.0.0.1:2222, not the node's address. What is null is
 * left to the operator's OpenSSH configuration.
 */
export interface SshTarget {
  /** A name, an IPv4 address, or a Host of OpenSSH's configuration. */
  readonly host: string;
  readonly port: number | null;
  readonly user: string | null;
  /** Private key files on the operator's machine, tried in order. */
  readonly keys: readonly string[] | null;
  /** The SSH agent is asked for keys. */
  readonly agent: boolean;
  /** Of the key files. */
  readonly passphrase: SecretSource | null;
  /** Of the login user, where sudo asks for it. */
  readonly sudoPassword: SecretSource | null;
  /** "ssh-ed25519 AAAA…"; null: whichever is met first, from then on that one. */
  readonly hostKey: string | null;
  /** The machine through which it is reached. */
  readonly bastion: SshTarget | null;
}

/** Where a secret comes from, never the secret: "ask", or "env:" and the name of a variable. */
export type SecretSource = 'ask' | `env:${string}`;
