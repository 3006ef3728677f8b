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

/** Ports that Services of type NodePort get theirs from; undefined for what is none, or ends before it begins. */
export function nodePortsOf(range: string | undefined): { first: number; last: number } | undefined {
  const [first = 0, last = 0] = (range ?? '').split('-').map(Number);
  return first >= 1 && first <= last && last <= 65535 ? { first, last } : undefined;
}

/** All that are somebody's, in their order. */
export const takenPorts = (network: Judged<Settings>['network']): readonly number[] =>
  [...Object.keys(taken).map(Number), ...(network?.cni === 'flannel' ? [8471] : [])].toSorted(
    (one, other) => one - other,
  );

/** Who has it, on some machine or on all; the API server's own port is not among them. */
export const ownerOf = (port: number, network: Judged<Settings>['network']): string | undefined =>
  port === 8471 && network?.cni === 'flannel' ? 'flanneld' : taken[port];
