import { secondsIn } from '../../src/cluster/duration.ts';
import type { Flags } from '../arguments.ts';
import * as table from '../control-plane/flags.ts';
import type { Scope } from '../scope.ts';

/** As kubeadm writes a flag. */
export interface Argument {
  readonly name: string;
  readonly value: string;
}

/** Files beside its keys that the API server reads; each is one volume of its static pod. */
export const API_SERVER_FILES = ['authentication', 'admission', 'audit-policy', 'encryption'].map(
  (name) => `/etc/kubernetes/${name}.yaml`,
);

/** What kubeadm sets by itself, to the same or to what suits its ways better. */
const BY_KUBEADM: readonly string[] = [
  ...['advertise-address', 'secure-port', 'allow-privileged', 'enable-bootstrap-token-auth'],
  ...['etcd-servers', 'etcd-cafile', 'etcd-certfile', 'etcd-keyfile', 'client-ca-file'],
  ...['tls-cert-file', 'tls-private-key-file', 'kubelet-client-certificate', 'kubelet-client-key'],
  ...['kubelet-preferred-address-types', 'service-cluster-ip-range', 'authorization-mode'],
  ...['service-account-issuer', 'service-account-signing-key-file', 'service-account-key-file'],
  ...['proxy-client-cert-file', 'proxy-client-key-file', 'requestheader-client-ca-file'],
  ...['requestheader-allowed-names', 'requestheader-username-headers', 'requestheader-group-headers'],
  ...['requestheader-extra-headers-prefix', 'kubeconfig', 'authentication-kubeconfig'],
  ...['authorization-kubeconfig', 'bind-address', 'leader-elect', 'use-service-account-credentials'],
  ...['controllers', 'cluster-cidr', 'service-account-private-key-file', 'root-ca-file'],
];

/** The controller-manager signs with the authority's own key, which kubeadm names. */
const SIGNING = /^cluster-signing-kubelet-/;

/** What the table of the control plane has beyond kubeadm; what the user says counts in any case. */
const beyond = (scope: Scope, program: string, flags: Flags): Argument[] => {
  const said = scope.cluster.controlPlane.extraArgs[program] ?? {};
  return Object.entries(flags)
    .filter(([name]) => name in said || !(BY_KUBEADM.includes(name) || SIGNING.test(name)))
    .map(([name, value]) => ({ name, value }));
};

export const apiServerFlags = (scope: Scope): Argument[] =>
  beyond(scope, 'kube-apiserver', table.apiServerFlags(scope));

export const controllerManagerFlags = (scope: Scope): Argument[] =>
  beyond(scope, 'kube-controller-manager', {
    'cluster-signing-duration': `${secondsIn(scope.cluster.pki.leafValidity)}s`,
    ...table.controllerManagerFlags(scope, true),
  });

export const schedulerFlags = (scope: Scope): Argument[] =>
  beyond(scope, 'kube-scheduler', table.schedulerFlags(scope, true));
