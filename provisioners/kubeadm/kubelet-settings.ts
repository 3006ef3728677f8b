import { createHash } from 'node:crypto';
import type { Cluster } from '../../src/cluster/model.ts';
import { kubeletConfiguration } from '../kubelet-configuration.ts';
import type { Scope } from '../scope.ts';

/** What most machines are; where one differs, a patch of its own says so. */
const USUAL = { cgroup: 2, container: false, resolvConf: '/etc/resolv.conf' } as const;

/** What all kubelets share; kept in the ConfigMap kubelet-config. */
export const sharedKubeletSettings = (cluster: Cluster): Record<string, unknown> =>
  kubeletConfiguration({ cluster, facts: USUAL });

/** Where this machine's kubelet is told otherwise. */
export function ownKubeletSettings({ cluster, facts }: Pick<Scope, 'cluster' | 'facts'>): object {
  const shared = sharedKubeletSettings(cluster);
  const own = Object.entries(kubeletConfiguration({ cluster, facts }));
  return Object.fromEntries(
    own.filter(([key, value]) => JSON.stringify(value) !== JSON.stringify(shared[key])),
  );
}

/** Of everything that goes into one kubelet's configuration. */
export const kubeletDigest = (scope: Pick<Scope, 'cluster' | 'facts'>): string =>
  digest([
    sharedKubeletSettings(scope.cluster),
    ownKubeletSettings(scope),
    scope.cluster.kubeadm.patches.filter(({ target }) => target === 'kubeletconfiguration'),
  ]);

/** Begins with a letter, so that YAML never takes it for a number. */
export const digest = (value: unknown): string =>
  `h${createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 16)}`;
