import type { Cluster, Node } from '../src/cluster/model.ts';
import { MEMBERS } from './addons/metallb/ports.ts';
import { type Port, portsOf } from './ports.ts';

/** A port that may be open to other machines, and what is known of it. */
export interface Door {
  readonly protocol: 'tcp' | 'udp';
  readonly from: number;
  readonly to: number;
  /** Names of processes that may have it; empty: the kernel. */
  readonly programs: readonly string[];
  /** The unit in which they run: anybody may call a process what he likes. null: whichever. */
  readonly unit: RegExp | null;
  /** The only address beyond loopback on which it may be; null: any. */
  readonly address: string | null;
  readonly for: string;
  /** What a stranger asks: each must be refused. */
  readonly ask: { readonly over: 'tls' | 'plain'; readonly paths: readonly string[] } | null;
  /** Why it is open although whoever comes is let in. */
  readonly excepted?: string;
}

/** Every port of such a machine that others may reach; whatever else listens is wrong. */
export const doorsOf = (cluster: Cluster, node: Node): readonly Door[] => [
  ...portsOf(cluster, node)
    .filter(({ on }) => on !== 'loopback')
    .map((port) => ours(cluster, port, node)),
  ...(cluster.addons['metallb'] === undefined ? [] : SPEAKERS),
  ...(cluster.host.nfsClient ? PORTMAPPER : []),
  ...SYSTEM,
];

type Manner = Pick<Door, 'programs' | 'ask' | 'excepted'>;

const VXLAN = 'VXLAN knows no credentials: who is on the machines’ own network can send packets to pods';

/** By what a port is for in ports.ts. */
const MANNERS: Readonly<Record<string, Manner>> = {
  etcd: { programs: ['etcd'], ask: { over: 'tls', paths: ['/version'] } },
  'the API server': {
    programs: ['kube-apiserver'],
    ask: { over: 'tls', paths: ['/version', '/api/v1/secrets', '/metrics', '/debug/pprof/'] },
  },
  'the kubelet': {
    programs: ['kubelet'],
    ask: { over: 'tls', paths: ['/pods', '/metrics', '/healthz', '/configz'] },
  },
  // Tells load balancers whether it is well, and has nothing else.
  'kube-proxy': {
    programs: ['kube-proxy'],
    ask: { over: 'plain', paths: ['/metrics', '/configz', '/debug/pprof/'] },
  },
  flannel: { programs: [], ask: null, excepted: VXLAN },
  Calico: { programs: [], ask: null, excepted: VXLAN },
  Cilium: { programs: [], ask: null, excepted: VXLAN },
  BGP: {
    ...{ programs: ['kube-router'], ask: null },
    excepted: 'kube-router’s nodes tell each other their pods’ routes, without a password',
  },
  'kube-router': { programs: ['kube-router'], ask: { over: 'plain', paths: ['/metrics', '/debug/pprof/'] } },
  GoBGP: { programs: ['kube-router'], ask: null, excepted: 'kube-router’s own door for the command gobgp' },
};

function ours({ controlPlane }: Cluster, { port, protocol, on, for: purpose }: Port, node: Node): Door {
  const manner = MANNERS[purpose] ?? { programs: [], ask: null };
  return {
    ...{ protocol: protocol ?? 'tcp', from: port, to: port, for: purpose, ...manner },
    unit:
      manner.programs[0] === undefined
        ? null
        : purpose === 'the API server' && controlPlane.style === 'static-pods'
          ? /^pod/
          : unitOf(manner.programs[0]),
    address: on === undefined ? null : node.address,
  };
}

const unitOf = (program: string): RegExp => new RegExp(`^${program}\\.service$`);

const system = (
  protocol: Door['protocol'],
  port: number,
  programs: readonly string[],
  purpose: string,
): Door => ({
  ...{ protocol, from: port, to: port, programs, for: purpose, address: null, unit: null, ask: null },
});

const DHCP = ['dhclient', 'dhcpcd', 'systemd-network', 'NetworkManager', 'udhcpc'];

/** Pods on the machines' network; what they serve for measuring is on loopback. */
const SPEAKERS: readonly Door[] = (['tcp', 'udp'] as const).map((protocol) => ({
  ...{ protocol, from: MEMBERS, to: MEMBERS, programs: ['speaker'], unit: /^pod/, address: null },
  ...{ for: 'MetalLB', ask: null },
  excepted: 'MetalLB’s speakers tell each other who is there; without their key nothing is understood',
}));

/** Comes with nfs-common; systemd listens for it. */
const PORTMAPPER: readonly Door[] = (['tcp', 'udp'] as const).map((protocol) => ({
  ...system(protocol, 111, ['rpcbind', 'systemd'], 'the port mapper of NFS'),
  excepted: 'tells which RPC services are here, to anybody',
}));

/** What belongs to the machine itself, and what kube-proxy opens for Services. */
const SYSTEM: readonly Door[] = [
  // Has a lock of its own; systemd listens for it where it is started on demand.
  { ...system('tcp', 1, ['sshd'], 'SSH'), to: 65535, unit: /^sshd?(@.*)?\.service$/ },
  system('tcp', 22, ['systemd'], 'SSH'),
  system('udp', 68, DHCP, 'DHCP'),
  system('udp', 546, DHCP, 'DHCP'),
  // Health of a Service with externalTrafficPolicy Local; kube-proxy says how many endpoints are here.
  { ...system('tcp', 30_000, ['kube-proxy'], 'health of a Service'), to: 32_767, unit: unitOf('kube-proxy') },
];
