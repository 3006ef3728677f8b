import { installPath } from '../../src/artefacts/install-path.ts';
import type { Cluster } from '../../src/cluster/model.ts';
import { sh } from '../../src/connection/quote.ts';
import type { Phase } from '../../src/engine/phase.ts';
import type { Resource } from '../../src/engine/resource.ts';
import { command } from '../../src/resources/command.ts';
import { apiServerReady } from '../conditions.ts';
import { clear, proxyChains } from '../iptables-chains.ts';
import { workloadReady } from '../rollouts.ts';
import { kubectl, type Manifest, question } from '../resources/manifest.ts';
import { byRole, kubeNodes, namesOf, type Scope } from '../scope.ts';
import { clusterConfiguration, documents, initConfiguration, proxyConfiguration } from './configuration.ts';
import { digest } from './kubelet-settings.ts';
import { kubeadm } from './run.ts';
import { speakerOf } from './topology.ts';

/** Services become reachable: kube-proxy as kubeadm's DaemonSet, on every node. */
export function proxyPhase(cluster: Cluster, present: readonly string[]): Phase<Scope> {
  const mode = cluster.network.kubeProxy;
  const isOff = mode === 'disabled';
  return {
    name: 'proxy',
    title: 'Make Services reachable',
    docs: 'https://kubernetes.io/docs/reference/networking/virtual-ips/',
    on: namesOf(kubeNodes(cluster)),
    needs: [apiServerReady(cluster)],
    stages: [
      {
        title: 'kube-proxy',
        on: namesOf(byRole(cluster, 'master')),
        resources: (scope) =>
          speakerOf(scope, present) === scope.node ? [isOff ? noDaemonSet : daemonSet(scope)] : [],
        settle: isOff ? [] : [workloadReady(cluster, 'daemonset', 'kube-system', 'kube-proxy')],
      },
      { title: 'rules that it has left', on: namesOf(kubeNodes(cluster)), resources: () => left(mode) },
    ],
  };
}

const MARK = 'hardway.dev/config';

const DAEMON_SET: Manifest = {
  apiVersion: 'apps/v1',
  kind: 'DaemonSet',
  metadata: { name: 'kube-proxy', namespace: 'kube-system' },
};
const ID = 'daemonset:kube-system/kube-proxy';

function daemonSet(scope: Scope): Resource {
  const settings = proxyConfiguration(scope);
  const { controlPlaneEndpoint, kubernetesVersion } = clusterConfiguration(scope);
  // Its pods keep the addresses that they knew when they started.
  const masters = byRole(scope.cluster, 'master').map(({ address }) => address);
  const wanted = digest([settings, controlPlaneEndpoint, kubernetesVersion, masters.length > 1 || masters]);
  const template = { metadata: { annotations: { [MARK]: wanted } } };
  return {
    id: ID,
    desired: { 'made from': wanted },
    question: question(DAEMON_SET, ({ spec }) => ({ 'made from': marked(spec) })),
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

/** Somebody else does what it did (network.kubeProxy: "disabled"). */
const noDaemonSet: Resource = {
  id: ID,
  desired: null,
  question: question(DAEMON_SET, () => ({ there: true })),
  steps: () => [
    {
      run: sh`${kubectl} delete daemonset/kube-proxy configmap/kube-proxy --namespace kube-system --ignore-not-found --timeout=60s >/dev/null`,
    },
  ],
  disturbs: () => ['ends kube-proxy on every node'],
};

const noTables: Resource = {
  id: 'nftables:kube-proxy',
  desired: { tables: 0 },
  question: command(sh`nft list tables 2>/dev/null | grep -c ' kube-proxy$'; true`, (output) => ({
    tables: Number(output),
  })),
  steps: () => [
    {
      run: sh`for family in ip ip6; do nft delete table $family kube-proxy 2>/dev/null || true; done`,
    },
  ],
};

const ARCHIVE = installPath({ name: 'image:kube-proxy-iptables', kind: 'image' });

/** Where that image has never been, such chains are somebody else's. */
const noChains: Resource = {
  id: 'iptables:kube-proxy',
  desired: null,
  question: command(sh`[ -e ${ARCHIVE} ] && echo there; true`, (output) =>
    output === '' ? null : { there: true },
  ),
  steps: () => [{ run: clear(proxyChains) }, { remove: ARCHIVE }],
  why: 'What kube-proxy set by iptables, and the image that it ran from, go with that mode.',
};

/** It clears those of its other mode when it starts; its image for nftables has no iptables to do so. */
const left = (mode: Cluster['network']['kubeProxy']): readonly Resource[] => [
  ...(mode === 'disabled' ? [noTables] : []),
  ...(mode === 'iptables' ? [] : [noChains]),
];

function marked(spec: unknown): string {
  const { template } = (spec ?? {}) as {
    template?: { metadata?: { annotations?: Readonly<Record<string, string>> } };
  };
  return template?.metadata?.annotations?.[MARK] ?? '';
}
