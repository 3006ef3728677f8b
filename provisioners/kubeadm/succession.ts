import type { Cluster, Node } from '../../src/cluster/model.ts';
import { HardwayError } from '../../src/errors.ts';
import { namesOf } from '../scope.ts';
import type { Standing } from '../standing.ts';

/** kubeadm joins a master through one that serves: the last of these cannot make room for another in one run. */
export function refuseSuccession(
  { kubernetes }: Cluster,
  leaving: readonly Node[],
  { succession }: Pick<Standing, 'succession'>,
): void {
  if (kubernetes.flavour !== 'kubeadm' || !succession) return;
  const masters = namesOf(leaving.filter(({ roles }) => roles.includes('master')));
  throw new HardwayError('IMPOSSIBLE', `nobody but ${masters.join(' and ')} serves, and is to leave`, {
    evidence: ['kubeadm lets a master join only through another one that serves'],
    remedy:
      'Leave one of them in cluster.json for now: hardway up. When the new masters serve, take it out: hardway up.',
  });
}
