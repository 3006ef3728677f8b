import type { Resource } from '../../src/engine/resource.ts';
import { sh } from '../../src/connection/quote.ts';
import { command } from '../../src/resources/command.ts';
import { directory, file, type FileResource } from '../../src/resources/file.ts';
import { AUDIT } from '../audit-policy.ts';
import type { AuthorityName } from '../certificates.ts';
import { apiServerFollows } from '../control-plane/components.ts';
import { masterConf } from '../control-plane/conf.ts';
import { programs } from '../program.ts';
import type { Scope } from '../scope.ts';
import { approver } from '../signer.ts';
import { noResolver } from '../kubelet-service.ts';
import { kubeletUnit } from './kubelet.ts';
import { patchFiles } from './patches.ts';
import { hasStackedEtcd } from './topology.ts';

const PKI = '/etc/kubernetes/pki';

/** kubeadm, the kubelet that it starts, and what it changes of what it writes. */
export function machineFiles(scope: Scope): Resource[] {
  const [unit] = kubeletUnit(scope);
  return [
    ...programs(scope.artefacts, 'kubeadm', 'kubelet', 'kubectl'),
    ...patchFiles(scope),
    ...(scope.facts.resolvConf === '' ? [noResolver] : []),
    unit,
    enabled,
  ];
}

/** kubeadm starts it when it is time, and systemd after each boot. */
const enabled: Resource = {
  id: 'service:kubelet.service/enabled',
  desired: { enabled: true },
  question: command(sh`systemctl is-enabled kubelet 2>/dev/null; true`, (output) => ({
    enabled: output === 'enabled',
  })),
  steps: () => [{ run: sh`systemctl enable --quiet kubelet` }],
};

/**
 * Every key and certificate is handed in, so that kubeadm makes none. The authorities' own keys too, for
 * it signs with them: to the master that makes the cluster, and to those that have joined. Who joins fetches them.
 */
export function masterFiles(scope: Scope, isSpeaker: boolean): Resource[] {
  const { cluster, node, artefacts, pki, joining } = scope;
  const isStacked = hasStackedEtcd(cluster);
  const pair = (name: string, place = name): FileResource[] => [
    file(`${PKI}/${place}.crt`, pki.leaf(`${node.name}/${name}`).certificate),
    file(`${PKI}/${place}.key`, pki.leaf(`${node.name}/${name}`).key, { secret: true }),
  ];
  const authority = (name: AuthorityName, place: string): FileResource[] =>
    isSpeaker || !joining.includes(node.name)
      ? [file(`${PKI}/${place}.key`, pki.authority(name).keyPem, { secret: true, why: SIGNS })]
      : [];
  return [
    directory(PKI),
    directory(AUDIT, { mode: 0o700 }),
    file(`${PKI}/ca.crt`, pki.authority('ca').trustPem),
    file(`${PKI}/front-proxy-ca.crt`, pki.authority('front-proxy-ca').trustPem),
    ...authority('ca', 'ca'),
    ...authority('front-proxy-ca', 'front-proxy-ca'),
    ...['apiserver', 'apiserver-kubelet-client', 'apiserver-etcd-client', 'front-proxy-client'].flatMap(
      (name) => pair(name),
    ),
    ...apiServerFollows(scope),
    ...['admin', 'controller-manager', 'scheduler'].map((name) => masterConf(scope, name)),
    ...(isStacked
      ? [
          ...authority('etcd-ca', 'etcd/ca'),
          ...pair('etcd-server', 'etcd/server'),
          ...pair('etcd-peer', 'etcd/peer'),
          ...pair('etcd-healthcheck-client', 'etcd/healthcheck-client'),
          ...etcdClient(scope),
        ]
      : []),
    ...approver(scope),
    ...programs(artefacts, ...(isStacked ? ['etcdctl', 'etcdutl'] : [])),
  ];
}

const SIGNS = 'kubeadm signs with it: whoever takes this master over can make certificates for anybody.';

/** With which etcd is looked after, wherever it runs. */
const etcdClient = ({ node, pki }: Scope): Resource[] => [
  directory('/etc/etcd/pki', { mode: 0o755 }),
  file('/etc/etcd/pki/ca.crt', pki.authority('etcd-ca').trustPem),
  file('/etc/etcd/pki/root.crt', pki.leaf(`${node.name}/etcd-root`).certificate),
  file('/etc/etcd/pki/root.key', pki.leaf(`${node.name}/etcd-root`).key, { secret: true }),
];
