import type { Cluster } from '../../src/cluster/model.ts';
import { sh } from '../../src/connection/quote.ts';
import type { Phase } from '../../src/engine/phase.ts';
import type { Resource } from '../../src/engine/resource.ts';
import { command } from '../../src/resources/command.ts';
import { file, type FileResource } from '../../src/resources/file.ts';
import { service } from '../../src/resources/service.ts';
import { apiServerReady, etcdHasQuorum, nodesReady, prepared, subnetReady } from '../conditions.ts';
import { apiByName } from '../endpoint.ts';
import { kubeconfig } from '../kubeconfig.ts';
import { hasEtcdStore } from '../pod-network.ts';
import { programLine, programs } from '../program.ts';
import { etcdKey, etcdUsers } from '../resources/etcd-access.ts';
import { FLANNEL_CONF, flannelRights } from '../flannel-rights.ts';
import { etcdEndpoints, kubeNodes, namesOf, nodesOf, type Scope, speaker } from '../scope.ts';
import { template } from '../template.ts';

const about = {
  name: 'flannel',
  title: 'Connect the pods of all machines',
  docs: 'https://github.com/flannel-io/flannel/blob/master/Documentation/configuration.md',
};

/** The pod network: its plan is a key in etcd, each machine takes a subnet from it. */
export const flannel = (cluster: Cluster, present: readonly string[]): Phase<Scope> => ({
  ...about,
  on: namesOf(kubeNodes(cluster)),
  needs: [prepared(namesOf(kubeNodes(cluster))), etcdHasQuorum(cluster)],
  stages: [
    { title: 'plan', on: speaker(cluster, present, 'etcd'), resources: networkPlan },
    { title: 'daemon', resources: daemon, settle: [subnetReady(cluster)] },
  ],
});

/** The same when its store is Kubernetes: a machine's subnet is that of its Node, so the Node comes first. */
export function flannelOnNodes(cluster: Cluster, there: readonly string[]): Phase<Scope> {
  const present = namesOf(nodesOf(cluster)).filter((name) => there.includes(name));
  return {
    ...about,
    on: namesOf(nodesOf(cluster)),
    needs: [prepared(present), apiServerReady(cluster)],
    stages: [
      {
        title: 'rights',
        on: speaker(cluster, there),
        resources: () => flannelRights(nodesOf(cluster)),
      },
      { title: 'daemon', resources: daemon, settle: [subnetReady(cluster), nodesReady(cluster, present)] },
    ],
  };
}

function networkConfig({ network }: Cluster): string {
  const { backend, vni } = network.flannel;
  return JSON.stringify({
    Network: network.podCidr,
    EnableNFTables: network.kubeProxy === 'nftables',
    Backend: backend === 'vxlan' ? { Type: backend, VNI: vni } : { Type: backend },
  });
}

const networkPlan = ({ cluster }: Scope): Resource[] => [
  etcdUsers(),
  etcdKey('/coreos.com/network/config', networkConfig(cluster)),
];

function daemon(scope: Scope): Resource[] {
  const { cluster, node, artefacts } = scope;
  const credentials = hasEtcdStore(cluster) ? etcdCredentials(scope) : [kubernetesCredential(scope)];
  const plan = file('/etc/flannel/network.json', networkConfig(cluster), {
    why: 'The plan of the network, read by flanneld when it starts: another one restarts it.',
  });
  const writeCni = file('/usr/local/lib/hardway/write-cni', template('flannel/write-cni', {}), {
    mode: 0o755,
  });
  const unit = template('flannel/flanneld.service', {
    program: programLine(artefacts.get('flanneld')),
    node: node.name,
    conf: hasEtcdStore(cluster) ? '' : FLANNEL_CONF,
    endpoints: etcdEndpoints(cluster),
    address: node.address,
  });
  return [
    ...programs(artefacts, 'flanneld'),
    ...credentials,
    plan,
    writeCni,
    cniConfiguration,
    ...service('flanneld', unit, { follows: [...credentials, plan, writeCni] }),
  ];
}

function etcdCredentials({ node, pki }: Scope): FileResource[] {
  const { certificate, key } = pki.leaf(`${node.name}/flannel`);
  return [
    file('/etc/flannel/pki/ca.crt', pki.authority('etcd-ca').trustPem),
    file('/etc/flannel/pki/client.crt', certificate),
    file('/etc/flannel/pki/client.key', key, { secret: true }),
  ];
}

function kubernetesCredential({ cluster, node, pki }: Scope): FileResource {
  const ca = pki.authority('ca').trustPem;
  const leaf = pki.leaf(`${node.name}/flannel`);
  return file(FLANNEL_CONF, kubeconfig(cluster.name, apiByName(cluster), ca, 'flannel', leaf), {
    secret: true,
  });
}

/** Made by flanneld's own unit, from the subnet it was given. */
const cniConfiguration: Resource = {
  id: 'file:/etc/cni/net.d/10-flannel.conflist',
  desired: { there: true },
  question: command(sh`[ -s /etc/cni/net.d/10-flannel.conflist ] && echo there; true`, (output) => ({
    there: output === 'there',
  })),
  steps: () => [{ run: sh`systemctl try-restart --no-block flanneld 2>/dev/null || true` }],
  why: 'Without it no pod on this machine gets an address.',
};
