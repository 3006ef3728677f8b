import type { Cluster } from '../../src/cluster/model.ts';
import { file, type FileResource } from '../../src/resources/file.ts';
import { admission } from '../admission.ts';
import { auditPolicy } from '../audit-policy.ts';
import { encryptionConfiguration } from '../encryption.ts';
import type { Scope } from '../scope.ts';
import { signerFiles } from '../signer.ts';
import { yaml } from '../yaml.ts';
import type { Component } from './component.ts';
import { masterConf } from './conf.ts';
import { apiServerFlags, controllerManagerFlags, schedulerFlags } from './flags.ts';

const PKI = '/etc/kubernetes/pki';

/** What an API server is started with, besides its flags; what it reads again while it runs is not among it. */
export const apiServerFollows = ({ cluster, pki, encryption }: Scope): FileResource[] => [
  file(`${PKI}/etcd/ca.crt`, pki.authority('etcd-ca').trustPem),
  file(`${PKI}/sa.pub`, pki.serviceAccount.publicPem),
  file(`${PKI}/sa.key`, pki.serviceAccount.privatePem, { secret: true }),
  file('/etc/kubernetes/authentication.yaml', yaml(authentication(cluster)), { mode: 0o600 }),
  file('/etc/kubernetes/admission.yaml', admission(cluster), { mode: 0o600 }),
  file('/etc/kubernetes/audit-policy.yaml', auditPolicy(), { mode: 0o600 }),
  file('/etc/kubernetes/encryption.yaml', encryptionConfiguration(encryption), {
    secret: true,
    why: 'Whoever reads the database, or a copy of it, finds no Secret there.',
  }),
];

/** Whoever has no credential may ask whether the API is healthy, and nothing else; with kubeadm also whom to trust. */
const authentication = ({ kubernetes }: Cluster): object => ({
  apiVersion: 'apiserver.config.k8s.io/v1',
  kind: 'AuthenticationConfiguration',
  anonymous: {
    enabled: true,
    conditions: [
      ...['/livez', '/readyz', '/healthz'],
      ...(kubernetes.flavour === 'kubeadm' ? ['/api/v1/namespaces/kube-public/configmaps/cluster-info'] : []),
    ].map((path) => ({ path })),
  },
});

export const apiServer = (scope: Scope): Component => ({
  name: 'kube-apiserver',
  flags: apiServerFlags(scope),
  follows: apiServerFollows(scope),
  interrupts: 'the API does not answer for some seconds',
});

/** One that must be elected before it acts costs its successor the 16 s of its lease: a lone one need not be. */
export function controllerManager(scope: Scope, elects: boolean): Component {
  const { pki } = scope;
  return {
    name: 'kube-controller-manager',
    flags: controllerManagerFlags(scope, elects),
    follows: [
      masterConf(scope, 'controller-manager'),
      file(`${PKI}/sa.key`, pki.serviceAccount.privatePem, { secret: true }),
      file(`${PKI}/ca.crt`, pki.authority('ca').trustPem),
      file(`${PKI}/front-proxy-ca.crt`, pki.authority('front-proxy-ca').trustPem),
      ...signerFiles(scope),
    ],
  };
}

export const scheduler = (scope: Scope, elects: boolean): Component => ({
  name: 'kube-scheduler',
  flags: schedulerFlags(scope, elects),
  follows: [masterConf(scope, 'scheduler')],
});
