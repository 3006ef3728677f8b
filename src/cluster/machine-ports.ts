/** Ports of the machines that are somebody's already. */
import type { Judged } from './description.ts';
import type { Settings } from './settings.ts';

const taken: Readonly<Record<number, string>> = {
  22: 'SSH',
  2379: 'etcd',
  2380: 'etcd',
  2381: 'etcd',
  10248: 'the kubelet',
  10249: 'kube-proxy',
  10250: 'the kubelet',
  10256: 'kube-proxy',
  10257: 'the controller manager',
  10259: 'the scheduler',
};

type Network = Judged<Settings>['network'];

const takenBeside = (network: Network): Readonly<Record<number, string>> =>
  network?.cni === 'flannel' ? { ...taken, 8471: 'flanneld' } : taken;

/** Who has it, on some machine or on all; the API server's own port is not among them. */
export const ownerOf = (port: number, network: Network): string | undefined => takenBeside(network)[port];

/** All that have an owner, in their order. */
export const takenPorts = (network: Network): readonly number[] =>
  Object.keys(takenBeside(network)).map(Number);

/** Ports that Services of type NodePort get theirs from. */
export interface NodePorts {
  readonly first: number;
  has(port: number): boolean;
}

/** Undefined for what is no range of ports, or ends before it begins. */
export function nodePortsOf(network: Network): NodePorts | undefined {
  const [first = 0, last = 0] = (network?.nodePortRange ?? '').split('-').map(Number);
  const isRange = first >= 1 && first <= last && last <= 65535;
  return isRange ? { first, has: (port) => port >= first && port <= last } : undefined;
}
