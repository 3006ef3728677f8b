import type { Cluster } from '../../src/cluster/model.ts';
import { sh } from '../../src/connection/quote.ts';
import type { Phase } from '../../src/engine/phase.ts';
import type { Resource } from '../../src/engine/resource.ts';
import { apiServerReady, workloadReady } from '../conditions.ts';
import { kubectl, question } from '../resources/manifest.ts';
import { byRole, namesOf, type Scope } from '../scope.ts';
import { clusterConfiguration, documents, initConfiguration, proxyConfiguration } from './configuration.ts';
import { digest } from './kubelet-settings.ts';
import { kubeadm } from './run.ts';
import { speakerOf } from './topology.ts';

/** Services become reachable: kube-proxy as kubeadm's DaemonSet, on every node. */
export const proxyPhase = (cluster: Cluster, present: readonly string[]): Phase<Scope> => ({
  name: 'proxy',
  title: 'Make Services reachable',
  docs: 'https://kubernetes.io/docs/reference/networking/virtual-ips/',
  on: namesOf(byRole(cluster, 'master')),
  needs: [apiServerReady(cluster)],
  stages: [
    {
      title: 'kube-proxy',
      resources: (scope) => (speakerOf(scope, present) === scope.node ? [daemonSet(scope)] : []),
      settle: [workloadReady(cluster, 'daemonset', 'kube-system', 'kube-proxy')],
    },
  ],
});

const MARK = 'hardway.dev/config';

function daemonSet(scope: Scope): Resource {
  const settings = proxyConfiguration(scope);
  const { controlPlaneEndpoint, kubernetesVersion } = clusterConfiguration(scope);
  // Its pods keep the addresses that they knew when they started.
  const masters = byRole(scope.cluster, 'master').map(({ address }) => address);
  const wanted = digest([settings, controlPlaneEndpoint, kubernetesVersion, masters.length > 1 || masters]);
  const template = { metadata: { annotations: { [MARK]: wanted } } };
  return {
    id: 'daemonset:kube-system/kube-proxy',
    desired: { 'made from': wanted },
    question: question(
      {
        apiVersion: 'apps/v1',
        kind: 'DaemonSet',
        metadata: { name: 'kube-proxy', namespace: 'kube-system' },
      },
      ({ spec }) => ({ 'made from': marked(spec) }),
    ),
    steps: () => [
      {
        run: kubeadm(
          ['init', 'phase', 'addon', 'kube-proxy'],
          documents(initConfiguration(scope), clusterConfiguration(scope), settings),
        ),
      },
      {
        run: sh`${kubectl} patch daemonset kube-proxy --namespace kube-system --patch ${JSON.stringify({ spec: { template } })} >/dev/null`,
      },
    ],
    disturbs: (now) => (now === null ? [] : ['restarts kube-proxy on one node after another']),
    why: 'Made by kubeadm; other settings make other pods of it.',
  };
}

function marked(spec: unknown): string {
  const { template } = (spec ?? {}) as {
    template?: { metadata?: { annotations?: Readonly<Record<string, string>> } };
  };
  return template?.metadata?.annotations?.[MARK] ?? '';
}
