import type { Cluster } from '../../src/cluster/model.ts';
import { sh } from '../../src/connection/quote.ts';
import type { Phase } from '../../src/engine/phase.ts';
import type { Resource } from '../../src/engine/resource.ts';
import { command } from '../../src/resources/command.ts';
import { directory, file } from '../../src/resources/file.ts';
import { service } from '../../src/resources/service.ts';
import { etcdHasQuorum, prepared } from '../conditions.ts';
import { programLine, programs } from '../program.ts';
import { byRole, namesOf, type Scope } from '../scope.ts';
import { template } from '../template.ts';
import { CIPHERS } from '../tls.ts';

/** The database, with mutual TLS. All members are started before anybody waits for a quorum. */
export const etcd = (cluster: Cluster): Phase<Scope> => ({
  name: 'etcd',
  title: 'Start the database',
  docs: 'https://etcd.io/docs/v3.6/op-guide/clustering/',
  on: namesOf(byRole(cluster, 'etcd')),
  needs: [prepared(namesOf(byRole(cluster, 'etcd')))],
  stages: [
    { title: 'user', resources: () => [etcdUser()] },
    { title: 'members', resources: member, settle: [etcdHasQuorum(cluster)] },
  ],
});

const etcdUser = (): Resource => ({
  id: 'user:etcd',
  desired: { shell: '/usr/sbin/nologin' },
  question: command(sh`getent passwd etcd | cut -d: -f7`, (shell) => (shell === '' ? null : { shell })),
  steps: () => [
    { run: sh`useradd --system --home-dir /var/lib/etcd --no-create-home --shell /usr/sbin/nologin etcd` },
  ],
  why: 'The database runs without root.',
});

function member({ cluster, node, artefacts, pki }: Scope): Resource[] {
  const owner = 'etcd:etcd';
  const ca = file('/etc/etcd/pki/ca.crt', pki.authority('etcd-ca').trustPem, { owner });
  const pair = (purpose: string, name: string, holder = owner) => [
    file(`/etc/etcd/pki/${name}.crt`, pki.leaf(`${node.name}/${purpose}`).certificate, { owner: holder }),
    file(`/etc/etcd/pki/${name}.key`, pki.leaf(`${node.name}/${purpose}`).key, {
      owner: holder,
      secret: true,
    }),
  ];
  // It reads these again for each connection.
  const pairs = [...pair('etcd-server', 'server'), ...pair('etcd-peer', 'peer')];
  const members = byRole(cluster, 'etcd').map(({ name, address }) => `${name}=https://${address}:2380`);
  const unit = template('etcd/etcd.service', {
    program: programLine(artefacts.get('etcd')),
    cluster: cluster.name,
    name: node.name,
    address: node.address,
    members: members.join(','),
    ciphers: CIPHERS.join(','),
  });
  return [
    ...programs(artefacts, 'etcd', 'etcdctl', 'etcdutl'),
    directory('/var/lib/etcd', { mode: 0o700, owner }),
    directory('/etc/etcd/pki', { mode: 0o755 }),
    ca,
    ...pairs,
    ...pair('etcd-root', 'root', 'root:root'),
    ...service('etcd', unit, { follows: [ca], interrupts: 'the API waits for it some seconds' }),
  ];
}
