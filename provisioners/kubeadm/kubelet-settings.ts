import { createHash } from 'node:crypto';
import type { Cluster } from '../../src/cluster/model.ts';
import { kubeletConfiguration } from '../kubelet-configuration.ts';
import type { Scope } from '../scope.ts';

/** What most machines are; where one differs, a patch of its own says so. */
const USUAL = { cgroup: 2, container: false, resolvConf: '/etc/resolv.conf' } as const;

/** What all kubelets share; kept in the ConfigMap kubelet-config. */
export const sharedKubeletSettings = (cluster: Cluster): Record<string, unknown> =>
  kubeletConfiguration({ cluster, facts: USUAL });

type Own = Pick<Scope, 'cluster' | 'node' | 'facts'>;

/** What this machine's kubelet is told besides, or otherwise. */
export function ownKubeletSettings(scope: Own): object {
  const shared = sharedKubeletSettings(scope.cluster);
  const own = Object.entries(kubeletConfiguration(scope));
  return Object.fromEntries(
    own.filter(([key, value]) => JSON.stringify(value) !== JSON.stringify(shared[key])),
  );
}

/** Of everything that goes into one kubelet's configuration. */
export const kubeletDigest = (scope: Own): string =>
  digest([
    sharedKubeletSettings(scope.cluster),
    ownKubeletSettings(scope),
    scope.cluster.kubeadm.patches.filter(({ target }) => target === 'kubeletconfiguration'),
  ]);

/** Begins with a letter, so that YAML never takes it for a number. */
export const digest = (value: unknown): string =>
  `h${createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 16)}`;
