import type { Cluster } from '../../src/cluster/model.ts';
import type { Phase } from '../../src/engine/phase.ts';
import type { Resource } from '../../src/engine/resource.ts';
import { file } from '../../src/resources/file.ts';
import { service } from '../../src/resources/service.ts';
import { prepared, routesReady } from '../conditions.ts';
import { mtuOf } from '../facts.ts';
import { POD_ROUTES, type PodRoute, written } from '../pod-routes.ts';
import { isNode, kubeNodes, namesOf, type Scope } from '../scope.ts';
import { template } from '../template.ts';

/** Keeps the routes that the file names; with "check" it says whether they are there. */
export const ROUTES_KEEPER = '/usr/local/lib/hardway/pod-routes';

/** No overlay: every machine has a subnet for its pods, and a route to that of each other. */
export const routes = (cluster: Cluster): Phase<Scope> => ({
  name: 'routes',
  title: 'Connect the pods of all machines',
  docs: 'https://kubernetes.io/docs/concepts/cluster-administration/networking/',
  on: namesOf(kubeNodes(cluster)),
  needs: [prepared(namesOf(kubeNodes(cluster)))],
  stages: [
    {
      title: 'routes',
      resources: (scope) => [
        ...keptRoutes(scope, scope.podRoutes),
        ...(isNode(scope.cluster, scope.node) ? [cniConfiguration(scope)] : []),
      ],
      settle: [routesReady(cluster)],
    },
  ],
});

/** The file and who keeps what it says. */
export function keptRoutes({ cluster, node }: Scope, table: readonly PodRoute[]): Resource[] {
  const list = file(POD_ROUTES, written(table), {
    why: 'A subnet belongs to its machine for as long as that is a node, and to no other.',
  });
  const keeper = file(ROUTES_KEEPER, template('routes/pod-routes', {}), { mode: 0o755 });
  const unit = template('routes/hardway-routes.service', {
    keeper: ROUTES_KEEPER,
    name: node.name,
    podCidr: cluster.network.podCidr,
  });
  return [list, keeper, ...service('hardway-routes', unit, { follows: [list, keeper] })];
}

/** Pods get addresses of this machine's subnet, on a bridge that the first of them makes. */
function cniConfiguration({ cluster, node, facts, podRoutes }: Scope): Resource {
  const own = podRoutes.find(({ name }) => name === node.name);
  const bridge = {
    ...{ type: 'bridge', bridge: 'cni0', mtu: mtuOf(node, facts) },
    ...{ isDefaultGateway: true, hairpinMode: true, ipMasq: false },
    ipam: {
      type: 'host-local',
      ranges: [[{ subnet: own?.subnet ?? '' }]],
      routes: [{ dst: cluster.network.podCidr }],
    },
  };
  const plugins = [bridge, { type: 'portmap', capabilities: { portMappings: true } }];
  const list = { cniVersion: '1.0.0', name: 'routes', plugins };
  return file('/etc/cni/net.d/10-routes.conflist', `${JSON.stringify(list, null, 2)}\n`, {
    mode: 0o600,
    why: 'Without it no pod on this machine gets an address.',
  });
}
