import type { Cluster } from '../../src/cluster/model.ts';
import type { Condition, Phase } from '../../src/engine/phase.ts';
import type { Resource } from '../../src/engine/resource.ts';
import { directory, file, type FileResource } from '../../src/resources/file.ts';
import { AUDIT } from '../audit-policy.ts';
import { apiServerReady, etcdHasQuorum } from '../conditions.ts';
import { running } from '../control-plane/component.ts';
import { apiServer, controllerManager, scheduler } from '../control-plane/components.ts';
import { masterConf } from '../control-plane/conf.ts';
import { watchdog } from '../control-plane/watchdog.ts';
import { programs } from '../program.ts';
import { byRole, namesOf, type Scope } from '../scope.ts';
import { approver, signerFiles } from '../signer.ts';
import type { Standing } from '../standing.ts';

const PKI = '/etc/kubernetes/pki';

/** A master whose programs run in the other style changes it for all of them, one master after another. */
export const stylePhase = (cluster: Cluster, { electing, fresh }: Standing): Phase<Scope> => ({
  name: 'control-plane-style',
  title:
    cluster.controlPlane.style === 'systemd'
      ? 'Run the control plane as units'
      : 'Run the control plane as pods',
  docs: 'https://kubernetes.io/docs/tasks/configure-pod-container/static-pod/',
  on: namesOf(byRole(cluster, 'master')),
  needs: [etcdHasQuorum(cluster)],
  stages: [
    {
      title: 'change of style',
      pace: 'one-by-one',
      resources: (scope) =>
        scope.facts.styles.some((style) => style !== cluster.controlPlane.style)
          ? [...apiServerResources(scope), ...controllers(scope, electing)]
          : [],
      settle: [servesAgain(cluster, fresh)],
    },
  ],
});

/** New ones do not serve yet. */
const servesAgain = (cluster: Cluster, fresh: readonly string[]): Condition => {
  const ready = apiServerReady(cluster);
  return { ...ready, on: ready.on.filter((name) => !fresh.includes(name)) };
};

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
  const { node, artefacts, pki } = scope;
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
  const component = apiServer(scope);
  return [
    ...programs(artefacts, 'kubectl'),
    directory(PKI, { mode: 0o755 }),
    directory(AUDIT, { mode: 0o700 }),
    ...reread,
    ...component.follows,
    masterConf(scope, 'admin'),
    ...running(component, scope),
  ];
}

const controllers = (scope: Scope, elects: boolean): Resource[] => [
  masterConf(scope, 'controller-manager'),
  masterConf(scope, 'scheduler'),
  ...signerFiles(scope),
  ...running(controllerManager(scope, elects), scope),
  ...running(scheduler(scope, elects), scope),
  ...approver(scope),
  ...watchdog(scope),
];
