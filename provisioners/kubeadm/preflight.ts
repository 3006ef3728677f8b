import type { Cluster } from '../../src/cluster/model.ts';
import type { Facts } from '../facts.ts';
import { hasStackedEtcd } from './topology.ts';

/** What a join that was cut off has left: it is taken up again, and our own preflight has looked at ports. */
const REPEATED = [
  ...['DirAvailable--etc-kubernetes-manifests', 'DirAvailable--var-lib-etcd'],
  ...['kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'etcd'].map(
    (name) => `FileAvailable--etc-kubernetes-manifests-${name}.yaml`,
  ),
  ...['bootstrap-kubelet.conf', 'kubelet.conf', 'pki-ca.crt'].map(
    (name) => `FileAvailable--etc-kubernetes-${name}`,
  ),
  ...[10250, 10257, 10259, 2379, 2380].map((port) => `Port-${port}`),
];

/** Of an etcd apart it asks all members for their version, which is of our choice; a quorum is enough. */
const EVERY_MEMBER = 'ExternalEtcdVersion';

/** Checks of kubeadm that may fail on such a machine. */
export const ignoredChecks = (cluster: Cluster, facts: KindOfMachine): string[] => [
  ...REPEATED,
  `Port-${cluster.controlPlane.port}`,
  ...(isUnverified(facts) ? ['SystemVerification'] : []),
  ...(hasStackedEtcd(cluster) ? [] : [EVERY_MEMBER]),
  ...cluster.kubeadm.ignorePreflightErrors,
];

export type KindOfMachine = Pick<Facts, 'cgroup' | 'container'>;

/** The check wants cgroup v2 and reads the configuration of the kernel, which in a container is the host's. */
export const isUnverified = ({ cgroup, container }: KindOfMachine): boolean => cgroup === 1 || container;
