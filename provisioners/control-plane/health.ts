import type { Cluster } from '../../src/cluster/model.ts';
import type { ComponentName } from './component.ts';

/** Where a program of the control plane says over TLS, to anybody on its machine, how it is. */
export interface Health {
  readonly port: number;
  /** Answers 200 as long as a restart would make nothing better. */
  readonly live: string;
  readonly ready: string;
}

/** Without its database an API server is not well, but a restart would not help it. */
const UNLESS_ETCD = '?exclude=etcd';

export const healthOf = ({ controlPlane }: Cluster): Readonly<Record<ComponentName, Health>> => ({
  'kube-apiserver': { port: controlPlane.port, live: `/livez${UNLESS_ETCD}`, ready: '/readyz' },
  'kube-controller-manager': { port: 10257, live: '/healthz', ready: '/healthz' },
  'kube-scheduler': { port: 10259, live: '/livez', ready: '/readyz' },
});

/**
 * When one that does not answer is taken for hung, in seconds: by the kubelet's probes and by our watchdog alike. As
 * patient as kubeadm's static pods: on a slow machine a restart would only add to the work.
 */
export const PATIENCE = { period: 10, timeout: 15, failures: 8 } as const;
