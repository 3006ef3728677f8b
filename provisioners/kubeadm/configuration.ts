import { X509Certificate, createHash, createHmac } from 'node:crypto';
import type { Cluster, Node } from '../../src/cluster/model.ts';
import { AUDIT } from '../audit-policy.ts';
import { certificates } from '../certificates.ts';
import type { ClusterPki } from '../pki.ts';
import { apiName } from '../endpoint.ts';
import { JOINERS } from '../join-token.ts';
import { taintsOf } from '../resources/node.ts';
import { byRole, etcdEndpoints, type Scope } from '../scope.ts';
import { yaml } from '../yaml.ts';
import { API_SERVER_FILES, apiServerFlags, controllerManagerFlags, schedulerFlags } from './flags.ts';
import { ignoredChecks } from './preflight.ts';
import { PATCHES } from './names.ts';
import { hasStackedEtcd } from './topology.ts';

const VERSION = 'kubeadm.k8s.io/v1beta4';
const PKI = '/etc/kubernetes/pki';

/** What the whole cluster shares; kept in the ConfigMap kubeadm-config. */
export function clusterConfiguration(scope: Scope) {
  const { cluster, artefacts } = scope;
  return {
    apiVersion: VERSION,
    kind: 'ClusterConfiguration',
    clusterName: cluster.name,
    kubernetesVersion: `v${cluster.kubernetes.version}`,
    controlPlaneEndpoint: `${apiName(cluster)}:${cluster.controlPlane.port}`,
    networking: {
      podSubnet: cluster.network.podCidr,
      serviceSubnet: cluster.network.serviceCidr,
      dnsDomain: cluster.network.dns.domain,
    },
    etcd: hasStackedEtcd(cluster)
      ? {
          local: {
            dataDir: '/var/lib/etcd',
            imageTag: tagOf(artefacts.get('image:etcd').reference),
            // The leader compares all members every five minutes. kubeadm's own InitialCorruptCheck lets members that
            // start at the same moment wait 7 s for each other, and a pod cannot ask first whether somebody answers.
            extraArgs: [{ name: 'feature-gates', value: 'CompactHashCheck=true' }],
          },
        }
      : {
          external: {
            endpoints: etcdEndpoints(cluster).split(','),
            caFile: `${PKI}/etcd/ca.crt`,
            certFile: `${PKI}/apiserver-etcd-client.crt`,
            keyFile: `${PKI}/apiserver-etcd-client.key`,
          },
        },
    apiServer: {
      certSANs: namesOfApi(cluster),
      extraArgs: apiServerFlags(scope),
      extraVolumes: [...API_SERVER_FILES.map(volume), auditVolume],
    },
    controllerManager: { extraArgs: controllerManagerFlags(scope) },
    scheduler: { extraArgs: schedulerFlags(scope) },
    // Both are made by Hardway: CoreDNS is an add-on like the others, kube-proxy comes once its settings are there.
    dns: { disabled: true },
    ...(cluster.network.kubeProxy === 'disabled' ? { proxy: { disabled: true } } : {}),
  };
}

const tagOf = (reference = ''): string => reference.slice(reference.lastIndexOf(':') + 1);

/** The names that the certificates of all masters carry; kubeadm adds each one's own. */
function namesOfApi(cluster: Cluster): string[] {
  const masters = byRole(cluster, 'master').map(({ name }) => `${name}/apiserver`);
  const [first = [], ...others] = certificates(cluster)
    .filter(({ name }) => masters.includes(name))
    .map(({ names: { dns, ip } }) => [...dns, ...ip]);
  return first.filter((name) => others.every((names) => names.includes(name)));
}

const volume = (path: string): object => ({
  ...{ name: path.replace(/^.*\/(.*)\.yaml$/, '$1'), hostPath: path, mountPath: path },
  ...{ readOnly: true, pathType: 'File' },
});

const auditVolume = { name: 'audit', hostPath: AUDIT, mountPath: AUDIT, pathType: 'DirectoryOrCreate' };

/** What only this machine is told while its control plane is made; `token` is left out where nothing joins. */
export const initConfiguration = (
  scope: Scope,
  options: { token?: string; seconds?: number; key?: string } = {},
): object => ({
  apiVersion: VERSION,
  kind: 'InitConfiguration',
  ...(options.token === undefined
    ? {}
    : {
        bootstrapTokens: [
          { token: options.token, ttl: `${options.seconds ?? 3600}s`, groups: JOINERS.kubeadm },
        ],
      }),
  ...(options.key === undefined ? {} : { certificateKey: options.key }),
  localAPIEndpoint: endpointOf(scope),
  nodeRegistration: registration(scope),
  patches: { directory: PATCHES },
  skipPhases: ['addon', 'show-join-command'],
  timeouts: timeouts(scope.cluster),
});

/**
 * What a machine is told that joins through `speaker`: whom to trust, by the digest of the authority's key. One that is
 * known already comes with a kubeconfig instead of the token.
 */
export const joinConfiguration = (scope: Scope, speaker: Node, known?: string): object => ({
  apiVersion: VERSION,
  kind: 'JoinConfiguration',
  discovery:
    known === undefined
      ? {
          bootstrapToken: {
            apiServerEndpoint: `${speaker.address}:${scope.cluster.controlPlane.port}`,
            token: scope.token,
            caCertHashes: [authorityHash(scope.pki)],
          },
        }
      : { file: { kubeConfigPath: known } },
  nodeRegistration: registration(scope),
  ...(scope.node.roles.includes('master')
    ? { controlPlane: { localAPIEndpoint: endpointOf(scope), certificateKey: certificateKey(scope) } }
    : {}),
  patches: { directory: PATCHES },
  timeouts: timeouts(scope.cluster),
});

const endpointOf = ({ cluster, node }: Scope): object => ({
  advertiseAddress: node.address,
  bindPort: cluster.controlPlane.port,
});

const registration = ({ cluster, node, facts }: Scope): object => ({
  name: node.name,
  criSocket: 'unix:///run/containerd/containerd.sock',
  // They are imported before: no registry is needed.
  imagePullPolicy: 'Never',
  taints: taintsOf(cluster, node),
  ignorePreflightErrors: ignoredChecks(cluster, facts),
  kubeletExtraArgs: [{ name: 'node-ip', value: node.address }],
});

const timeouts = ({ timeouts: { apiServer: seconds = 120, nodeReady = 120 } }: Cluster): object => ({
  controlPlaneComponentHealthCheck: `${seconds}s`,
  tlsBootstrap: `${nodeReady}s`,
  discovery: `${nodeReady}s`,
});

/** kubeadm's pin: the digest of the authority's public key. */
export function authorityHash(pki: ClusterPki): string {
  const { publicKey } = new X509Certificate(pki.authority('ca').certificatePem);
  const der = publicKey.export({ type: 'spki', format: 'der' });
  return `sha256:${createHash('sha256').update(der).digest('hex')}`;
}

/**
 * What the uploaded certificates are encrypted with: another one for each join token, and known only to who holds the
 * authority's key. So it lies nowhere, and a machine that may join as a minion cannot tell it from its token.
 */
export const certificateKey = ({ pki, token }: Pick<Scope, 'pki' | 'token'>): string =>
  createHmac('sha256', pki.authority('ca').keyPem).update(`kubeadm-certs ${token}`).digest('hex');

export const proxyConfiguration = ({ cluster, facts }: Scope): object => ({
  apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
  kind: 'KubeProxyConfiguration',
  mode: cluster.network.kubeProxy,
  bindAddress: '0.0.0.0',
  clusterCIDR: cluster.network.podCidr,
  metricsBindAddress: '127.0.0.1:10249',
  // A container may not raise the host's connection-tracking limits; 0 leaves them alone.
  ...(facts.container
    ? { conntrack: { maxPerCore: 0, min: 0, tcpEstablishedTimeout: '0s', tcpCloseWaitTimeout: '0s' } }
    : {}),
});

/** One file of several documents. */
export const documents = (...objects: readonly object[]): string => objects.map(yaml).join('---\n');
