import type { Cluster } from '../../src/cluster/model.ts';
import { sh } from '../../src/connection/quote.ts';
import type { Phase } from '../../src/engine/phase.ts';
import type { Resource } from '../../src/engine/resource.ts';
import { command } from '../../src/resources/command.ts';
import { file } from '../../src/resources/file.ts';
import { service } from '../../src/resources/service.ts';
import { etcdHasQuorum, prepared, subnetReady } from '../conditions.ts';
import { programLine, programs } from '../program.ts';
import { etcdKey, etcdUsers } from '../resources/etcd-access.ts';
import { byRole, etcdEndpoints, namesOf, type Scope } from '../scope.ts';
import { template } from '../template.ts';

/** The pod network: its plan is a key in etcd, each machine takes a subnet from it. */
export const flannel = (cluster: Cluster): Phase<Scope> => ({
  name: 'flannel',
  title: 'Connect the pods of all machines',
  docs: 'https://github.com/flannel-io/flannel/blob/master/Documentation/configuration.md',
  on: namesOf(cluster.nodes),
  needs: [prepared(namesOf(cluster.nodes)), etcdHasQuorum(cluster)],
  stages: [
    { title: 'plan', on: namesOf(byRole(cluster, 'etcd')).slice(0, 1), resources: networkPlan },
    { title: 'daemon', resources: daemon, settle: [subnetReady(cluster)] },
  ],
});

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

function daemon({ cluster, node, artefacts, pki }: Scope): Resource[] {
  const { certificate, key } = pki.leaf(`${node.name}/flannel`);
  const credentials = [
    file('/etc/flannel/pki/ca.crt', pki.authority('etcd-ca').trustPem),
    file('/etc/flannel/pki/client.crt', certificate),
    file('/etc/flannel/pki/client.key', key, { secret: true }),
  ];
  const plan = file('/etc/flannel/network.json', networkConfig(cluster), {
    why: 'The plan as it is in etcd, where flanneld reads it when it starts: another one restarts it.',
  });
  const writeCni = file('/usr/local/lib/hardway/write-cni', template('flannel/write-cni', {}), {
    mode: 0o755,
  });
  const unit = template('flannel/flanneld.service', {
    program: programLine(artefacts.get('flanneld')),
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
