import type { Node } from '../src/cluster/model.ts';
import { type Facts, NO_RESOLVER } from './facts.ts';
import { taintsOf } from './resources/node.ts';
import { isNode, type Scope } from './scope.ts';
import { CIPHERS } from './tls.ts';

/** What of a machine its kubelet must know. */
export type KindOfMachine = Pick<Facts, 'cgroup' | 'container' | 'resolvConf'>;

interface Kubelet extends Pick<Scope, 'cluster'> {
  readonly facts: KindOfMachine;
  /** Left out where it is for all machines. */
  readonly node?: Pick<Node, 'address'>;
}

/** What a kubelet is told in /var/lib/kubelet/config.yaml. */
export const kubeletConfiguration = ({ cluster, facts, node }: Kubelet): Record<string, unknown> => ({
  apiVersion: 'kubelet.config.k8s.io/v1beta1',
  kind: 'KubeletConfiguration',
  // Its port is for the API server: nobody reaches it by a NIC that leads outside.
  ...(node === undefined ? {} : { address: node.address }),
  authentication: {
    anonymous: { enabled: false },
    webhook: { enabled: true },
    x509: { clientCAFile: '/etc/kubernetes/pki/ca.crt' },
  },
  authorization: { mode: 'Webhook' },
  readOnlyPort: 0,
  healthzBindAddress: '127.0.0.1',
  staticPodPath: '/etc/kubernetes/manifests',
  containerRuntimeEndpoint: 'unix:///run/containerd/containerd.sock',
  clusterDNS: [cluster.network.dns.serviceIP],
  clusterDomain: cluster.network.dns.domain,
  resolvConf: facts.resolvConf === '' ? NO_RESOLVER : facts.resolvConf,
  rotateCertificates: true,
  serverTLSBootstrap: true,
  cgroupDriver: facts.cgroup === 2 ? 'systemd' : 'cgroupfs',
  failCgroupV1: cluster.kubelet.failCgroupV1,
  failSwapOn: !facts.container,
  serializeImagePulls: false,
  maxParallelImagePulls: 5,
  eventRecordQPS: 50,
  tlsMinVersion: 'VersionTLS12',
  tlsCipherSuites: [...CIPHERS],
  ...(facts.container ? hostsDisk : {}),
  ...(cluster.security.profile === 'hardened' ? hardened(facts) : {}),
});

/**
 * The disk of a container is its host's: what part of that is free says nothing about the machine, and images that it
 * clears away make little room. So it counts bytes, as kind does, and evicts pods only when there is really no room.
 */
const hostsDisk = {
  evictionHard: {
    'memory.available': '100Mi',
    'nodefs.available': '1Gi',
    'nodefs.inodesFree': '1%',
    'imagefs.available': '1Gi',
    'imagefs.inodesFree': '1%',
  },
  imageGCHighThresholdPercent: 100,
};

/** The same for the machine of a scope: a master may run its control plane, and may be no node. */
export const kubeletOf = (scope: Scope): Record<string, unknown> => {
  const { cluster, node } = scope;
  const runsPods = cluster.controlPlane.style === 'static-pods' && node.roles.includes('master');
  return {
    ...kubeletConfiguration(scope),
    // Programs of the control plane are tried again as soon as units would be.
    ...(runsPods ? { crashLoopBackOff: { maxContainerRestartPeriod: '10s' } } : {}),
    ...(isNode(cluster, node) ? {} : unserved),
  };
};

/** Without an API to ask nobody could be let in: it has no port but that of its health, on loopback. */
const unserved = {
  enableServer: false,
  authentication: { anonymous: { enabled: false }, webhook: { enabled: false } },
  authorization: { mode: 'AlwaysAllow' },
  rotateCertificates: false,
  serverTLSBootstrap: false,
};

/**
 * The taints with which a node registers, in a file of its own: it is read when the kubelet starts, and a Node that is
 * there already is changed through the API. So another taint restarts nothing.
 */
export const registrationConfiguration = ({ cluster, node }: Scope): object => ({
  apiVersion: 'kubelet.config.k8s.io/v1beta1',
  kind: 'KubeletConfiguration',
  registerWithTaints: taintsOf(cluster, node),
});

/** What some workloads would feel: a lab is spared it. */
const hardened = ({ container }: KindOfMachine): object => ({
  // A shell that nobody uses is closed.
  streamingConnectionIdleTimeout: '5m',
  podPidsLimit: 4096,
  seccompDefault: true,
  // The kernel of a container is the host's: the kubelet would refuse to start for a setting that nobody here may make.
  protectKernelDefaults: !container,
});
