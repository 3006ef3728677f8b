import { admissionPlugins } from '../admission.ts';
import { secondsIn } from '../../src/cluster/duration.ts';
import type { Flags } from '../arguments.ts';
import { AUDIT } from '../audit-policy.ts';
import { allocatesSubnets, SUBNET_BITS } from '../pod-network.ts';
import { etcdEndpoints, type Scope } from '../scope.ts';
import { signerFlags } from '../signer.ts';
import { CIPHERS } from '../tls.ts';

/** What the programs of the control plane are told: the one source of their units and of their pods. */

const PKI = '/etc/kubernetes/pki';

const tls: Flags = {
  'tls-min-version': 'VersionTLS12',
  'tls-cipher-suites': CIPHERS.join(','),
};

export const apiServerFlags = ({ cluster, node }: Scope): Flags => ({
  'advertise-address': node.address,
  'secure-port': String(cluster.controlPlane.port),
  'etcd-servers': etcdEndpoints(cluster),
  'etcd-cafile': `${PKI}/etcd/ca.crt`,
  'etcd-certfile': `${PKI}/apiserver-etcd-client.crt`,
  'etcd-keyfile': `${PKI}/apiserver-etcd-client.key`,
  'client-ca-file': `${PKI}/ca.crt`,
  'tls-cert-file': `${PKI}/apiserver.crt`,
  'tls-private-key-file': `${PKI}/apiserver.key`,
  ...tls,
  'kubelet-client-certificate': `${PKI}/apiserver-kubelet-client.crt`,
  'kubelet-client-key': `${PKI}/apiserver-kubelet-client.key`,
  'kubelet-certificate-authority': `${PKI}/ca.crt`,
  'kubelet-preferred-address-types': 'InternalIP,Hostname',
  'service-cluster-ip-range': cluster.network.serviceCidr,
  'service-node-port-range': cluster.network.nodePortRange,
  'service-account-issuer': `https://kubernetes.default.svc.${cluster.network.dns.domain}`,
  'service-account-signing-key-file': `${PKI}/sa.key`,
  'service-account-key-file': `${PKI}/sa.pub`,
  'service-account-extend-token-expiration': 'false',
  'proxy-client-cert-file': `${PKI}/front-proxy-client.crt`,
  'proxy-client-key-file': `${PKI}/front-proxy-client.key`,
  'requestheader-client-ca-file': `${PKI}/front-proxy-ca.crt`,
  'requestheader-allowed-names': 'front-proxy-client',
  'requestheader-username-headers': 'X-Remote-User',
  'requestheader-group-headers': 'X-Remote-Group',
  'requestheader-extra-headers-prefix': 'X-Remote-Extra-',
  'authorization-mode': 'Node,RBAC',
  'authentication-config': '/etc/kubernetes/authentication.yaml',
  'enable-admission-plugins': admissionPlugins(cluster).join(','),
  'admission-control-config-file': '/etc/kubernetes/admission.yaml',
  'encryption-provider-config': '/etc/kubernetes/encryption.yaml',
  'audit-policy-file': '/etc/kubernetes/audit-policy.yaml',
  'audit-log-path': `${AUDIT}/audit.log`,
  'audit-log-maxage': String(cluster.security.audit.days),
  'audit-log-maxbackup': String(cluster.security.audit.files),
  'audit-log-maxsize': String(cluster.security.audit.megabytes),
  'event-ttl': `${secondsIn(cluster.controlPlane.eventTTL)}s`,
  'enable-bootstrap-token-auth': 'true',
  'allow-privileged': 'true',
  profiling: 'false',
  ...cluster.controlPlane.extraArgs['kube-apiserver'],
});

/** Their own port is on loopback. */
const client = (conf: string, elects: boolean): Flags => ({
  kubeconfig: conf,
  'authentication-kubeconfig': conf,
  'authorization-kubeconfig': conf,
  'bind-address': '127.0.0.1',
  'leader-elect': String(elects),
});

export const controllerManagerFlags = (scope: Scope, elects: boolean): Flags => ({
  ...client('/etc/kubernetes/controller-manager.conf', elects),
  'use-service-account-credentials': 'true',
  'kube-api-qps': '300',
  'kube-api-burst': '600',
  controllers: controllersOf(scope),
  'allocate-node-cidrs': String(allocatesSubnets(scope.cluster)),
  'cluster-cidr': scope.cluster.network.podCidr,
  ...(allocatesSubnets(scope.cluster) ? { 'node-cidr-mask-size': String(SUBNET_BITS) } : {}),
  'service-account-private-key-file': `${PKI}/sa.key`,
  'root-ca-file': `${PKI}/ca.crt`,
  'client-ca-file': `${PKI}/ca.crt`,
  'requestheader-client-ca-file': `${PKI}/front-proxy-ca.crt`,
  'requestheader-allowed-names': 'front-proxy-client',
  'terminated-pod-gc-threshold': '100',
  ...tls,
  profiling: 'false',
  ...signerFlags(scope),
  ...scope.cluster.controlPlane.extraArgs['kube-controller-manager'],
});

const controllersOf = ({ cluster }: Scope): string =>
  [
    ...['*', 'bootstrap-signer-controller', 'token-cleaner-controller'],
    ...(cluster.pki.signer === 'cluster'
      ? []
      : ['-certificatesigningrequest-signing-controller', '-certificatesigningrequest-approving-controller']),
  ].join(',');

export const schedulerFlags = (scope: Scope, elects: boolean): Flags => ({
  ...client('/etc/kubernetes/scheduler.conf', elects),
  ...tls,
  profiling: 'false',
  ...scope.cluster.controlPlane.extraArgs['kube-scheduler'],
});
