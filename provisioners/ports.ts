import type { Cluster, Node } from '../src/cluster/model.ts';
import { BALANCER, hasBalancer } from './endpoint.ts';
import { type Script, sh } from '../src/connection/quote.ts';
import { MachineError } from '../src/errors.ts';
import { STARTED } from '../src/resources/service.ts';
import { isEtcdOnly } from './scope.ts';

/** A socket of a program that Hardway did not start. */
export interface Listener {
  readonly protocol: string;
  /** "0.0.0.0", "*", "[::]" or one address. */
  readonly address: string;
  readonly port: number;
  readonly pid: number;
  readonly command: string;
}

/**
 * One line a socket whose program was not started by a unit or pod of ours, whatever became of the unit's file since;
 * sockets of the kernel (VXLAN) are shared and left out. One ss and one awk, whatever listens.
 */
export const listenersScript: Script = sh`ss -H -lntup 2>/dev/null | awk -v started=${STARTED} '{
  if (!match($0, /\\(\\("[^"]*",pid=[0-9]+/)) next
  who = substr($0, RSTART + 3, RLENGTH - 3); split(who, part, "\\",pid=")
  unit = ""; pod = 0; group = "/proc/" part[2] "/cgroup"
  while ((getline line < group) > 0) {
    if (match(line, /[^\\/]*\\.service$/)) unit = substr(line, RSTART)
    if (line ~ /\\/kubepods/) pod = 1
  }
  close(group)
  first = ""; file = "/etc/systemd/system/" unit; ours = 0; record = started "/" unit
  if (unit != "") { getline first < file; close(file); ours = (getline line < record) > 0; close(record) }
  if (!pod && !ours && first !~ /Written by Hardway\\.$/) print "listens=" $1 " " $5 " " part[2] " " part[1]
}'`;

/** `tcp 0.0.0.0:6443 812 haproxy`, one a line. */
export const parseListeners = (lines: readonly string[]): Listener[] =>
  lines.map((line) => {
    const [protocol = '', local = '', pid = '', ...command] = line.split(' ');
    const colon = local.lastIndexOf(':');
    return {
      protocol,
      address: local.slice(0, colon),
      port: Number(local.slice(colon + 1)),
      pid: Number(pid),
      command: command.join(' '),
    };
  });

export interface Port {
  readonly port: number;
  readonly protocol?: 'udp';
  /** Only on loopback, only on the node's address, or on both; default: on every address. */
  readonly on?: 'loopback' | 'node' | 'both';
  readonly for: string;
}

const MEMBER: readonly Port[] = [
  { port: 2379, on: 'both', for: 'etcd' },
  { port: 2380, on: 'node', for: 'etcd' },
  { port: 2381, on: 'loopback', for: 'etcd' },
];
const MASTER: readonly Port[] = [
  { port: 10257, on: 'loopback', for: 'kube-controller-manager' },
  { port: 10259, on: 'loopback', for: 'kube-scheduler' },
];
const EVERY: readonly Port[] = [
  { port: 10248, on: 'loopback', for: 'the kubelet' },
  { port: 10250, on: 'node', for: 'the kubelet' },
];
const PROXY: readonly Port[] = [
  { port: 10249, on: 'loopback', for: 'kube-proxy' },
  { port: 10256, for: 'kube-proxy' },
];

const TUNNELS: Readonly<Record<Cluster['network']['flannel']['backend'], readonly Port[]>> = {
  vxlan: [{ port: 8472, protocol: 'udp', for: 'flannel' }],
  'host-gw': [],
  wireguard: [{ port: 51820, protocol: 'udp', for: 'WireGuard' }],
};

const NETWORKS: Readonly<Record<Cluster['network']['cni'], readonly Port[]>> = {
  flannel: [{ port: 8471, on: 'loopback', for: 'flanneld' }],
  routes: [],
  calico: [{ port: 4789, protocol: 'udp', for: 'Calico' }],
  canal: TUNNELS.vxlan,
  cilium: [{ port: 8472, protocol: 'udp', for: 'Cilium' }],
  'kube-router': [
    { port: 179, for: 'BGP' },
    { port: 20_244, for: 'kube-router' },
    { port: 50_051, for: 'GoBGP' },
  ],
  none: [],
};

const networkPorts = ({ cni, flannel, kubeProxy }: Cluster['network']): Port[] => [
  ...(cni === 'flannel' ? (TUNNELS[flannel.backend] ?? []) : []),
  ...(NETWORKS[cni] ?? []),
  ...(kubeProxy === 'disabled' ? [] : PROXY),
];

/** Every port that our programs have on such a machine. */
export const portsOf = (cluster: Cluster, { roles }: Node): Port[] => [
  ...(roles.includes('etcd') ? MEMBER : []),
  ...(roles.includes('master')
    ? [{ port: cluster.controlPlane.port, for: 'the API server' }, ...MASTER]
    : []),
  ...(hasBalancer(cluster, { roles })
    ? [{ port: cluster.controlPlane.port, on: 'loopback', for: BALANCER } as const]
    : []),
  ...(isEtcdOnly({ roles }) ? [] : [...EVERY, ...networkPorts(cluster.network)]),
];

/** Refuses a machine on which somebody else has a port that we need; all such ports are named at once. */
export function refuseTakenPorts(cluster: Cluster, node: Node, listeners: readonly Listener[]): void {
  const taken = portsOf(cluster, node).flatMap((port) => {
    const by = listeners.find((listener) => collide(port, listener, node));
    return by === undefined ? [] : [{ port, by }];
  });
  const [first] = taken;
  if (first === undefined) return;
  throw new MachineError(node.name, `port ${said(first)}`, {
    evidence: taken.slice(1).map((other) => `port ${said(other)}`),
    remedy: 'Stop that program there, or let it listen elsewhere; nothing was changed.',
  });
}

const said = ({ port, by }: { port: Port; by: Listener }): string =>
  `${port.port}${port.protocol === 'udp' ? '/udp' : ''} is used by pid ${by.pid} (${by.command}); ${port.for} needs it`;

function collide(port: Port, { protocol, address, port: number }: Listener, node: Node): boolean {
  if (number !== port.port || protocol !== (port.protocol ?? 'tcp')) return false;
  const ours = {
    loopback: ['127.0.0.1'],
    node: [node.address],
    both: ['127.0.0.1', node.address],
  };
  const isEverywhere = ['0.0.0.0', '*', '[::]'].includes(address);
  return isEverywhere || port.on === undefined || ours[port.on].includes(address);
}
