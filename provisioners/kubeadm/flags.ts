import { secondsIn } from '../../src/cluster/duration.ts';
import type { Cluster } from '../../src/cluster/model.ts';
import { admissionPlugins } from '../admission.ts';
import { AUDIT } from '../audit-policy.ts';
import { allocatesSubnets } from '../pod-network.ts';
import { CIPHERS } from '../tls.ts';

export interface Argument {
  readonly name: string;
  readonly value: string;
}

/** Files beside its keys that the API server reads; each is one volume of its static pod. */
export const API_SERVER_FILES = [
  '/etc/kubernetes/authentication.yaml',
  '/etc/kubernetes/admission.yaml',
  '/etc/kubernetes/audit-policy.yaml',
  '/etc/kubernetes/encryption.yaml',
] as const;

const SERVED = {
  'tls-min-version': 'VersionTLS12',
  'tls-cipher-suites': CIPHERS.join(','),
  profiling: 'false',
};

/** What kubeadm leaves out or has otherwise than scratch; what the user says comes last. */
export const apiServerFlags = (cluster: Cluster): Argument[] => {
  const { audit } = cluster.security;
  const [authentication, admission, policy, encryption] = API_SERVER_FILES;
  return listed({
    'authentication-config': authentication,
    'enable-admission-plugins': admissionPlugins(cluster).join(','),
    'admission-control-config-file': admission,
    'encryption-provider-config': encryption,
    'audit-policy-file': policy,
    'audit-log-path': `${AUDIT}/audit.log`,
    'audit-log-maxage': String(audit.days),
    'audit-log-maxbackup': String(audit.files),
    'audit-log-maxsize': String(audit.megabytes),
    'kubelet-certificate-authority': '/etc/kubernetes/pki/ca.crt',
    'service-account-extend-token-expiration': 'false',
    ...SERVED,
    ...cluster.controlPlane.extraArgs['kube-apiserver'],
  });
};

export const controllerManagerFlags = (cluster: Cluster): Argument[] =>
  listed({
    'allocate-node-cidrs': String(allocatesSubnets(cluster)),
    'cluster-signing-duration': `${secondsIn(cluster.pki.leafValidity)}s`,
    'kube-api-qps': '300',
    'kube-api-burst': '600',
    'terminated-pod-gc-threshold': '100',
    ...SERVED,
    ...cluster.controlPlane.extraArgs['kube-controller-manager'],
  });

export const schedulerFlags = (cluster: Cluster): Argument[] =>
  listed({ ...SERVED, ...cluster.controlPlane.extraArgs['kube-scheduler'] });

const listed = (flags: Readonly<Record<string, string>>): Argument[] =>
  Object.entries(flags).map(([name, value]) => ({ name, value }));
