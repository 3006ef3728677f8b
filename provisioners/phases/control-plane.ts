import type { Cluster } from '../../src/cluster/model.ts';
import type { Phase } from '../../src/engine/phase.ts';
import type { Resource } from '../../src/engine/resource.ts';
import { directory, file, type FileResource } from '../../src/resources/file.ts';
import { service } from '../../src/resources/service.ts';
import { admission, admissionPlugins } from '../admission.ts';
import { withArguments } from '../arguments.ts';
import { AUDIT, auditPolicy } from '../audit-policy.ts';
import { apiServerReady, etcdHasQuorum } from '../conditions.ts';
import { encryptionConfiguration } from '../encryption.ts';
import { kubeconfig } from '../kubeconfig.ts';
import { allocatesSubnets, SUBNET_BITS } from '../pod-network.ts';
import { programLine, programs } from '../program.ts';
import { apiServer, byRole, etcdEndpoints, namesOf, type Scope } from '../scope.ts';
import { approver, signerFiles, signerFlags } from '../signer.ts';
import type { Standing } from '../standing.ts';
import { template } from '../template.ts';
import { CIPHERS } from '../tls.ts';
import { yaml } from '../yaml.ts';

const PKI = '/etc/kubernetes/pki';

/** The API server is started here and becomes ready while the pod network is made. */
export const apiServerPhase = (cluster: Cluster, { fresh }: Standing): Phase<Scope> => ({
  name: 'api-server',
  title: 'Start the API server',
  docs: 'https://kubernetes.io/docs/concepts/architecture/#kube-apiserver',
  on: namesOf(byRole(cluster, 'master')),
  needs: [etcdHasQuorum(cluster)],
  stages: [
    {
      title: 'new API servers',
      on: fresh,
      resources: apiServerResources,
      // While others serve, nobody is restarted before these answer.
      settle: byRole(cluster, 'master').length > fresh.length ? [apiServerReady(cluster)] : [],
    },
    {
      title: 'API servers',
      on: namesOf(byRole(cluster, 'master')).filter((name) => !fresh.includes(name)),
      pace: 'one-by-one',
      resources: apiServerResources,
      settle: byRole(cluster, 'master').length > 1 ? [apiServerReady(cluster)] : [],
    },
  ],
});

/** Started only when the API answers; earlier they would crash or back off. */
export const controllersPhase = (cluster: Cluster, { fresh, electing }: Standing): Phase<Scope> => ({
  name: 'controllers',
  title: 'Start controllers and scheduler',
  docs: 'https://kubernetes.io/docs/concepts/architecture/#kube-controller-manager',
  on: namesOf(byRole(cluster, 'master')),
  needs: [apiServerReady(cluster)],
  stages: [
    {
      // These first: one that acts without having been elected must be told of others before they come.
      title: 'controller-manager and scheduler',
      on: namesOf(byRole(cluster, 'master')).filter((name) => !fresh.includes(name)),
      pace: 'one-by-one',
      resources: (scope) => controllers(scope, electing),
    },
    {
      title: 'new ones',
      on: fresh,
      resources: (scope) => controllers(scope, electing),
    },
  ],
});

function apiServerResources(scope: Scope): Resource[] {
  const { cluster, node, artefacts, pki } = scope;
  const { audit } = cluster.security;
  const pair = (name: string): FileResource[] => [
    file(`${PKI}/${name}.crt`, pki.leaf(`${node.name}/${name}`).certificate),
    file(`${PKI}/${name}.key`, pki.leaf(`${node.name}/${name}`).key, { secret: true }),
  ];
  // Read again by a server that runs: a certificate is renewed without a call that fails.
  const reread = [
    file(`${PKI}/ca.crt`, pki.authority('ca').trustPem),
    file(`${PKI}/front-proxy-ca.crt`, pki.authority('front-proxy-ca').trustPem),
    ...['apiserver', 'apiserver-kubelet-client', 'apiserver-etcd-client', 'front-proxy-client'].flatMap(pair),
  ];
  const follows = apiServerFollows(scope);
  const flags = cluster.controlPlane.extraArgs;
  const unit = template('control-plane/kube-apiserver.service', {
    program: programLine(artefacts.get('kube-apiserver')),
    address: node.address,
    port: cluster.controlPlane.port,
    etcdEndpoints: etcdEndpoints(cluster),
    serviceCidr: cluster.network.serviceCidr,
    domain: cluster.network.dns.domain,
    admissionPlugins: admissionPlugins(cluster).join(','),
    audit: AUDIT,
    auditDays: audit.days,
    auditFiles: audit.files,
    auditMegabytes: audit.megabytes,
    ciphers: CIPHERS.join(','),
  });
  return [
    ...programs(artefacts, 'kube-apiserver', 'kubectl'),
    directory(PKI, { mode: 0o755 }),
    directory(AUDIT, { mode: 0o700 }),
    ...reread,
    ...follows,
    conf(scope, 'admin'),
    ...service('kube-apiserver', withArguments(unit, flags['kube-apiserver']), {
      follows,
      interrupts: 'the API does not answer for some seconds',
    }),
  ];
}

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

export function conf({ cluster, node, pki }: Scope, name: string): FileResource {
  const ca = pki.authority('ca').trustPem;
  const text = kubeconfig(cluster.name, apiServer(cluster, node), ca, name, pki.leaf(`${node.name}/${name}`));
  return file(`/etc/kubernetes/${name}.conf`, text, { secret: true });
}

function controllers(scope: Scope, leaderElect: boolean): Resource[] {
  const { cluster, artefacts } = scope;
  const managerConf = conf(scope, 'controller-manager');
  const schedulerConf = conf(scope, 'scheduler');
  const manager = template('control-plane/kube-controller-manager.service', {
    program: programLine(artefacts.get('kube-controller-manager')),
    leaderElect,
    ciphers: CIPHERS.join(','),
    podCidr: cluster.network.podCidr,
    allocates: allocatesSubnets(cluster),
    subnetBits: SUBNET_BITS,
    signs: cluster.pki.signer === 'cluster',
  });
  const scheduler = template('control-plane/kube-scheduler.service', {
    program: programLine(artefacts.get('kube-scheduler')),
    leaderElect,
    ciphers: CIPHERS.join(','),
  });
  const { pki } = scope;
  const flags = cluster.controlPlane.extraArgs;
  const shared = [
    file(`${PKI}/sa.key`, pki.serviceAccount.privatePem, { secret: true }),
    file(`${PKI}/ca.crt`, pki.authority('ca').trustPem),
    file(`${PKI}/front-proxy-ca.crt`, pki.authority('front-proxy-ca').trustPem),
  ];
  return [
    ...programs(artefacts, 'kube-controller-manager', 'kube-scheduler'),
    managerConf,
    schedulerConf,
    ...signerFiles(scope),
    ...service(
      'kube-controller-manager',
      withArguments(manager, { ...signerFlags(scope), ...flags['kube-controller-manager'] }),
      { follows: [managerConf, ...shared, ...signerFiles(scope)] },
    ),
    ...service('kube-scheduler', withArguments(scheduler, flags['kube-scheduler']), {
      follows: [schedulerConf],
    }),
    ...approver(scope),
  ];
}
