import type { Cluster } from '../../src/cluster/model.ts';
import type { Phase } from '../../src/engine/phase.ts';
import type { Resource } from '../../src/engine/resource.ts';
import { addressKeeper, KEEPER_FOLDER } from '../api-address.ts';
import { balancer, BALANCER_FOLDER, balancerAnswers } from '../balancer.ts';
import { prepared } from '../conditions.ts';
import { apiLine, BALANCER, hasBalancer, KEEPER, keepsAddress } from '../endpoint.ts';
import { hasKubeVip, kubeVip, KUBE_VIP_CONF, KUBE_VIP_POD } from '../kube-vip.ts';
import { absent } from '../../src/resources/file.ts';
import { noUnit } from '../resources/no-unit.ts';
import { kubeNodes, namesOf, type Scope } from '../scope.ts';

/**
 * The way to whichever master works. A machine calls the API by its name all the time: the balancer stands before the
 * name leads to it, and goes only when the name leads elsewhere.
 */
export function endpoint(cluster: Cluster): Phase<Scope> {
  const machines = kubeNodes(cluster);
  const minions = machines.filter(({ roles }) => !roles.includes('master'));
  const balanced = namesOf(minions.filter((node) => hasBalancer(cluster, node)));
  const direct = namesOf(minions.filter((node) => !hasBalancer(cluster, node)));
  return {
    name: 'endpoint',
    title: 'Lead to a master that works',
    docs: 'https://kubernetes.io/docs/setup/production-environment/tools/kubeadm/high-availability/',
    on: namesOf(machines),
    needs: [prepared(namesOf(machines))],
    stages: [
      {
        title: 'what the name means without a balancer',
        on: direct,
        resources: ({ node }) => [apiLine(cluster, node)],
      },
      {
        title: 'who leads there',
        resources: who,
        settle: (changed) => (changed.has(`service:${BALANCER}.service`) ? [balancerAnswers(cluster)] : []),
      },
      { title: 'what the name means', on: balanced, resources: ({ node }) => [apiLine(cluster, node)] },
    ],
  };
}

const who = (scope: Scope): Resource[] => [
  ...(hasBalancer(scope.cluster, scope.node) ? balancer(scope) : [noUnit(BALANCER, BALANCER_FOLDER)]),
  ...(keepsAddress(scope.cluster, scope.node) ? addressKeeper(scope) : [noUnit(KEEPER, KEEPER_FOLDER)]),
  ...(scope.node.roles.includes('master')
    ? hasKubeVip(scope.cluster)
      ? kubeVip(scope)
      : [absent(KUBE_VIP_POD), absent(KUBE_VIP_CONF)]
    : []),
];
