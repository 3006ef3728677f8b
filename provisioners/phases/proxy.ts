import type { Cluster } from '../../src/cluster/model.ts';
import type { Phase } from '../../src/engine/phase.ts';
import type { Resource } from '../../src/engine/resource.ts';
import { sh } from '../../src/connection/quote.ts';
import { absent, file } from '../../src/resources/file.ts';
import { noService } from '../../src/resources/no-service.ts';
import { service } from '../../src/resources/service.ts';
import { apiServerReady, prepared, proxyWithoutNode } from '../conditions.ts';
import { apiByName } from '../endpoint.ts';
import { kubeconfig } from '../kubeconfig.ts';
import { programLine, programs } from '../program.ts';
import { kubeNodes, namesOf, type Scope } from '../scope.ts';
import { template } from '../template.ts';
import { yaml } from '../yaml.ts';

const CREDENTIAL = '/var/lib/kube-proxy/kubeconfig';
const CONFIG = '/var/lib/kube-proxy/config.yaml';

/** Services become reachable on every machine, masters included. */
export const proxy = (cluster: Cluster): Phase<Scope> => ({
  name: 'proxy',
  title: 'Make Services reachable',
  docs: 'https://kubernetes.io/docs/reference/networking/virtual-ips/',
  on: namesOf(kubeNodes(cluster)),
  needs: [prepared(namesOf(kubeNodes(cluster))), apiServerReady(cluster)],
  stages: [
    cluster.network.kubeProxy === 'disabled'
      ? { title: 'kube-proxy', resources: () => noKubeProxy }
      : { title: 'kube-proxy', resources: kubeProxy, settle: [proxyWithoutNode(cluster)] },
  ],
});

function kubeProxy(scope: Scope): Resource[] {
  const { cluster, node, artefacts, pki } = scope;
  const ca = pki.authority('ca').trustPem;
  const credential = pki.leaf(`${node.name}/proxy`);
  const server = apiByName(cluster);
  const conf = file(CREDENTIAL, kubeconfig(cluster.name, server, ca, 'kube-proxy', credential), {
    secret: true,
  });
  const config = file(CONFIG, yaml(proxyConfiguration(scope)), {
    mode: 0o600,
  });
  const unit = template('proxy/kube-proxy.service', { program: programLine(artefacts.get('kube-proxy')) });
  return [
    ...programs(artefacts, 'kube-proxy'),
    conf,
    config,
    ...service('kube-proxy', unit, { follows: [conf, config] }),
  ];
}

/** The network plug-in does its work: neither the process stays nor a rule of its. */
const noKubeProxy: Resource[] = [
  noService('kube-proxy', sh`/usr/local/bin/kube-proxy --cleanup >/dev/null 2>&1 || true`),
  absent(CREDENTIAL),
  absent(CONFIG),
];

const proxyConfiguration = ({ cluster, node, facts }: Scope): object => ({
  apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
  kind: 'KubeProxyConfiguration',
  mode: cluster.network.kubeProxy,
  clientConnection: { kubeconfig: CREDENTIAL },
  hostnameOverride: node.name,
  bindAddress: '0.0.0.0',
  clusterCIDR: cluster.network.podCidr,
  metricsBindAddress: '127.0.0.1:10249',
  // A container may not raise the host's connection-tracking limits; 0 leaves them alone.
  ...(facts.container
    ? { conntrack: { maxPerCore: 0, min: 0, tcpEstablishedTimeout: '0s', tcpCloseWaitTimeout: '0s' } }
    : {}),
});
