/** Every setting of a description with its default; what follows from other settings is left to derive.ts. */
import type { AddonEntry, Description, NodeEntry } from './description.ts';
import type { Cluster } from './model.ts';
import { isAddress } from './ranges.ts';

export interface Settings extends Omit<Cluster, 'network' | 'nodes' | 'addons' | 'charts' | 'waitForNodes'> {
  readonly network: Omit<Cluster['network'], 'dns' | 'apiServiceIP'>;
  readonly dns: { readonly domain: string; readonly serviceIP?: string };
  readonly nodes: readonly NodeEntry[];
  readonly addons: Readonly<Record<string, AddonEntry>>;
}

const defaults: Settings = {
  name: 'lab',
  provider: 'vagrant',
  kubernetes: { version: '1.36.4', flavour: 'scratch' },
  network: {
    machineCidr: '192.168.56.0/24',
    podCidr: '10.244.0.0/16',
    serviceCidr: '10.96.0.0/16',
    cni: 'flannel',
    flannel: { store: 'etcd', backend: 'vxlan', vni: 1 },
    policy: false,
    nodePortRange: '30000-32767',
    kubeProxy: 'nftables',
  },
  dns: { domain: 'cluster.local' },
  controlPlane: {
    ...{ endpoint: null, loadBalancer: 'local', sans: [], port: 6443, eventTTL: '1h' },
    ...{ style: 'systemd', registerNode: true, schedulable: false, extraArgs: {} },
  },
  host: { nfsClient: false },
  kubelet: { failCgroupV1: false },
  kubeadm: { patches: [], ignorePreflightErrors: [] },
  pki: { algorithm: 'ecdsa', leafValidity: '1y', caValidity: '10y', signer: 'operator' },
  token: { ttl: '1h' },
  security: {
    profile: 'lab',
    podSecurity: 'baseline',
    encryption: 'secretbox',
    audit: { days: 30, megabytes: 100, files: 10 },
  },
  artefacts: { source: 'auto', box: 'baked' },
  timeouts: {
    etcdQuorum: 60,
    apiServer: 120,
    flannelSubnet: 60,
    nodeReady: 120,
    rollout: 180,
    drain: 120,
    connect: 10,
    answer: 3,
  },
  nodes: [
    { name: 'master', roles: ['etcd', 'master'] },
    { name: 'minion', count: 2, roles: ['minion'] },
  ],
  addons: { waitForNodes: 'all', coredns: true },
};

/** Settings that every machine has unless its entry says otherwise; memory in MiB, disk in GiB. */
export const machineDefaults = { cpus: 2, memory: 2048, disk: 20 };

/**
 * What is another default with kubeadm: it makes static pods, its controller-manager signs what kubelets ask for, and
 * its etcd knows no users.
 */
const withKubeadm: Pick<Settings, 'controlPlane' | 'network' | 'pki'> = {
  network: { ...defaults.network, flannel: { ...defaults.network.flannel, store: 'kubernetes' } },
  controlPlane: { ...defaults.controlPlane, style: 'static-pods' },
  pki: { ...defaults.pki, signer: 'cluster' },
};

/** Also takes what is left of a description with mistakes (see standing.ts): what is wrong there stays undefined. */
export function settle(description: Description): Settings {
  const isKubeadm = description.kubernetes?.flavour === 'kubeadm';
  const flavoured = isKubeadm ? { ...defaults, ...withKubeadm } : defaults;
  const given = withDefaults(flavoured, description);
  const { flannel, dns, ...network } = { ...description.network };
  return {
    name: given.name,
    provider: given.provider,
    kubernetes: withDefaults(defaults.kubernetes, given.kubernetes),
    network: {
      ...withDefaults(defaults.network, given.network && network),
      flannel: { ...flavoured.network.flannel, ...flannel },
    },
    dns: { ...defaults.dns, ...dns },
    controlPlane: withDefaults(
      { ...flavoured.controlPlane, loadBalancer: balancer(given) },
      given.controlPlane,
    ),
    host: withDefaults(defaults.host, given.host),
    kubelet: withDefaults(defaults.kubelet, given.kubelet),
    kubeadm: withDefaults(defaults.kubeadm, given.kubeadm),
    pki: withDefaults(flavoured.pki, given.pki),
    token: withDefaults(defaults.token, given.token),
    security: {
      ...withDefaults(defaults.security, given.security),
      audit: withDefaults(defaults.security.audit, given.security && (given.security.audit ?? {})),
    },
    artefacts: withDefaults(defaults.artefacts, given.artefacts),
    timeouts: withDefaults(defaults.timeouts, given.timeouts),
    nodes: given.nodes,
    addons: withDefaults(defaults.addons, given.addons),
  };
}

/** A bare address needs somebody who keeps it. */
const balancer = ({ controlPlane }: Pick<Settings, 'controlPlane'>): 'keepalived' | 'local' =>
  isAddress(controlPlane?.endpoint ?? '') ? 'keepalived' : 'local';

/** A section that is there but wrong has no values at all, neither its own nor the defaults. */
function withDefaults<Section extends object>(base: Section, given: object | undefined): Section {
  return given === undefined ? ({} as Section) : { ...base, ...given };
}
