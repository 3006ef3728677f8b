import { dirname } from 'node:path/posix';
import type { Cluster, Node } from '../../src/cluster/model.ts';
import { sh } from '../../src/connection/quote.ts';
import type { Condition, Phase, Stage } from '../../src/engine/phase.ts';
import type { Resource } from '../../src/engine/resource.ts';
import { command } from '../../src/resources/command.ts';
import { absent, directory, file } from '../../src/resources/file.ts';
import { service } from '../../src/resources/service.ts';
import { etcdHasQuorum, prepared } from '../conditions.ts';
import { lastWords } from '../diagnosis.ts';
import { type Joining, type Membership, peerUrl } from '../etcd-members.ts';
import { BEGINNING, COMPARING, COMPARISON, CREDENTIAL, etcdctl } from '../etcdctl.ts';
import { programLine, programs } from '../program.ts';
import { announced, noDatabase, votes } from '../resources/etcd-member.ts';
import { byRole, etcdEndpoints, namesOf, type Scope } from '../scope.ts';
import { template } from '../template.ts';
import { CIPHERS } from '../tls.ts';

/**
 * The database, with mutual TLS. Members that begin it are started together before anybody waits for a quorum; those
 * that stand are restarted one after another.
 */
export function etcd(cluster: Cluster, membership: Membership): Phase<Scope> {
  const { founding, joining } = membership;
  const standing = namesOf(byRole(cluster, 'etcd')).filter(
    (name) => !joining.some((one) => one.name === name),
  );
  return {
    name: 'etcd',
    title: 'Start the database',
    docs: 'https://etcd.io/docs/v3.6/op-guide/clustering/',
    on: namesOf(byRole(cluster, 'etcd')),
    needs: [prepared(namesOf(byRole(cluster, 'etcd')))],
    stages: [
      { title: 'user', resources: () => [etcdUser()] },
      {
        title: 'members',
        on: standing,
        pace: founding.length > 0 ? 'together' : 'one-by-one',
        resources: (scope) => [
          ...(founding.includes(scope.node.name) ? [beginning('new', everyMember(cluster))] : []),
          ...member(scope),
        ],
        settle: [etcdHasQuorum(cluster, membership)],
      },
    ],
  };
}

/** Members come to a database that stands: one at a time, as learners first. Nobody else is restarted for it. */
export const etcdMembers = (cluster: Cluster, membership: Membership): Phase<Scope> => ({
  name: 'members',
  title: 'Take members into the database',
  docs: 'https://etcd.io/docs/v3.6/op-guide/runtime-configuration/',
  on: namesOf(byRole(cluster, 'etcd')),
  needs: [etcdHasQuorum(cluster, membership)],
  stages: [
    {
      title: 'beginning',
      on: namesOf(byRole(cluster, 'etcd')).filter(
        (name) => !membership.joining.some((one) => one.name === name),
      ),
      resources: () => [absent(BEGINNING)],
    },
    ...membership.joining.flatMap((one) => taken(one, membership.speaker)),
  ],
});

function taken(one: Joining, speaker: string): Stage<Scope>[] {
  const { name, initialCluster } = one;
  const announcing = { title: `${name} is announced`, on: [speaker], resources: () => [announced(one)] };
  if (initialCluster === null) return [announcing];
  return [
    ...(one.stale ? [{ title: `${name} makes room`, on: [name], resources: () => [noDatabase(name)] }] : []),
    announcing,
    {
      title: `${name} starts`,
      on: [name],
      resources: (scope) => [
        ...(one.stale ? [startedAgain(beginning('existing', initialCluster))] : []),
        ...(scope.facts.etcd.data ? [] : [beginning('existing', initialCluster)]),
        ...member(scope),
      ],
      settle: [memberAnswers(name)],
    },
    { title: `${name} votes`, on: [speaker], resources: () => [votes(one)] },
    { title: `${name} has joined`, on: [name], resources: () => [absent(BEGINNING)] },
  ];
}

const memberAnswers = (name: string): Condition => ({
  name: 'etcdQuorum',
  description: 'its etcd to answer',
  on: [name],
  script: () => sh`${etcdctl} endpoint status --command-timeout=3s 2>&1`,
  evidence: () => lastWords('etcd'),
  limit: 60,
});

const everyMember = (cluster: Cluster): string =>
  byRole(cluster, 'etcd')
    .map((node) => `${node.name}=${peerUrl(node)}`)
    .join(',');

/** Read when a member starts without a database, and by nobody afterwards. */
const beginning = (state: 'new' | 'existing', members: string): Resource =>
  file(BEGINNING, `ETCD_INITIAL_CLUSTER=${members}\nETCD_INITIAL_CLUSTER_STATE=${state}\n`, {
    why: 'With whom the member starts for the first time; removed when it is part of a quorum.',
  });

/** It was stopped to make room, after it had been asked whether it runs. */
const startedAgain = (beginnings: Resource): Resource => ({
  ...beginnings,
  steps: (now) => [...beginnings.steps(now), { run: sh`systemctl start --no-block etcd` }],
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

/** Members that come and go change it; nobody is restarted for that. */
function comparison(cluster: Cluster, { name }: Node): Resource {
  const script = template('etcd/whom-to-compare', {
    others: etcdEndpoints(cluster, name),
    ...{ credential: CREDENTIAL, environment: COMPARING, folder: dirname(COMPARING) },
  });
  return file(COMPARISON, script, {
    mode: 0o755,
    why: 'Members that start at the same moment do not wait for each other.',
  });
}

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
  const unit = template('etcd/etcd.service', {
    program: programLine(artefacts.get('etcd')),
    ...{ cluster: cluster.name, name: node.name, address: node.address, beginning: BEGINNING },
    ...{ comparison: COMPARISON, comparing: COMPARING },
    ciphers: CIPHERS.join(','),
  });
  return [
    ...programs(artefacts, 'etcd', 'etcdctl', 'etcdutl'),
    directory('/var/lib/etcd', { mode: 0o700, owner }),
    directory('/etc/etcd/pki', { mode: 0o755 }),
    ca,
    ...pairs,
    ...pair('etcd-root', 'root', 'root:root'),
    comparison(cluster, node),
    ...service('etcd', unit, { follows: [ca], interrupts: 'the API waits for it some seconds' }),
  ];
}
