import { absent, excludes, type FlagRow, flagRow, given, is, unlessIs } from './flags.ts';
import { type Look, tree } from './look.ts';
import { onEtcd, onMaster, ours, type Row, type Verdict, wellIf, withProxy, wrong } from './row.ts';

const of =
  (program: string, on: Row['on']) =>
  (id: string, title: string, flags: FlagRow['flags']): Row =>
    flagRow({ program, id: `CIS ${id}`, title, flags, on });

const manager = of('kube-controller-manager', onMaster);
const scheduler = of('kube-scheduler', onMaster);
const etcdFlag = of('etcd', onEtcd);

const controllers: readonly Row[] = [
  manager('1.3.1', 'pods that are over are cleared away', {
    'terminated-pod-gc-threshold': (value) => Number(value ?? 0) > 0,
  }),
  manager('1.3.2', 'no profiling', { profiling: is('false') }),
  manager('1.3.3', 'each controller has rights of its own', {
    'use-service-account-credentials': is('true'),
  }),
  manager('1.3.4', 'tokens are signed with a key', { 'service-account-private-key-file': given }),
  manager('1.3.5', 'pods learn the authority', { 'root-ca-file': given }),
  manager('1.3.6', 'kubelets’ certificates are renewed', {
    'feature-gates': excludes('RotateKubeletServerCertificate=false'),
  }),
  manager('1.3.7', 'the controller-manager listens on loopback', { 'bind-address': is('127.0.0.1') }),
  scheduler('1.4.1', 'no profiling', { profiling: is('false') }),
  scheduler('1.4.2', 'the scheduler listens on loopback', { 'bind-address': is('127.0.0.1') }),
  ...[manager, scheduler].map((flag) =>
    ours(
      'look-ups',
      flag('', 'who cannot be looked up is nobody', {
        'authentication-tolerate-lookup-failure': unlessIs('true'),
      }),
    ),
  ),
];

const etcd: readonly Row[] = [
  etcdFlag('2.1', 'etcd has a certificate', { 'cert-file': given, 'key-file': given }),
  etcdFlag('2.2', 'clients of etcd need a certificate', { 'client-cert-auth': is('true') }),
  etcdFlag('2.3', 'no certificate that etcd made for itself', { 'auto-tls': unlessIs('true') }),
  etcdFlag('2.4', 'members have a certificate', { 'peer-cert-file': given, 'peer-key-file': given }),
  etcdFlag('2.5', 'members need a certificate', { 'peer-client-cert-auth': is('true') }),
  etcdFlag('2.6', 'no certificate that members made for themselves', { 'peer-auto-tls': unlessIs('true') }),
  etcdFlag('2.7', 'etcd trusts an authority of its own', {
    'trusted-ca-file': is('/etc/etcd/pki/ca.crt'),
    'peer-trusted-ca-file': is('/etc/etcd/pki/ca.crt'),
  }),
  ours(
    'etcd addresses',
    etcdFlag('', 'etcd listens where it must', {
      'listen-client-urls': (value, { node }) =>
        value === `https://127.0.0.1:2379,https://${node.address}:2379`,
      'listen-peer-urls': (value, { node }) => value === `https://${node.address}:2380`,
      'listen-metrics-urls': is('http://127.0.0.1:2381'),
    }),
  ),
  ours('etcd safety', etcdFlag('', 'etcd writes to the disk', { 'unsafe-no-fsync': absent })),
  ours('etcd data', etcdFlag('', 'auditors find the data', { 'data-dir': is('/var/lib/etcd') })),
  {
    ...{ id: 'ours: etcd user', title: 'etcd runs without root and leaves no core dumps', on: onEtcd },
    judge: ({ processes }) => {
      const { user = 'nobody: it does not run', core = '' } = processes.get('etcd') ?? {};
      return wellIf(user === 'etcd' && core === '0', `user ${user}, core dumps of ${core}`);
    },
  },
  {
    ...{ id: 'ours: authorities', title: 'no two authorities are the same', on: onMaster },
    judge: ({ said }) => {
      const prints = said('authority').map((line) => line.slice(line.indexOf(' ') + 1));
      return wellIf(
        prints.length > 1 && new Set(prints).size === prints.length,
        `${new Set(prints).size} of ${prints.length}`,
      );
    },
  },
  {
    ...{ id: 'ours: raw Secrets', title: 'every Secret in the database is encrypted', on: onEtcd },
    judge: rawSecrets,
  },
];

function rawSecrets({ said }: Look): Verdict {
  const [all, plain] = (said('secrets')[0] ?? '').split(' ');
  if (all === undefined || plain === undefined) return wrong('etcd did not answer');
  const found = `${plain} of ${all} are not`;
  return plain === '0' ? wellIf(true, found) : wrong(found, 'hardway security rotate-key');
}

const proxy: readonly Row[] = [
  {
    ...{ id: 'CIS 4.3.1', title: 'kube-proxy tells its numbers on loopback only', on: withProxy },
    judge: ({ processes, documents }) => {
      const path = processes.get('kube-proxy')?.flags.get('config');
      if (path === undefined) return wrong('kube-proxy does not run from a file');
      const address = String(tree(documents.get(path))['metricsBindAddress'] ?? '');
      return wellIf(address.startsWith('127.0.0.1:'), `metricsBindAddress: ${address}`);
    },
  },
];

export const daemons: readonly Row[] = [...controllers, ...etcd, ...proxy];
