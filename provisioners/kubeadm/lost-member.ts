import type { Cluster } from '../../src/cluster/model.ts';
import { HardwayError } from '../../src/errors.ts';
import type { Membership } from '../etcd-members.ts';
import { hasStackedEtcd } from './topology.ts';

/** A member of kubeadm's own whose data is lost is not made again in its place: it leaves and joins as another one. */
export function refuseLostMember(cluster: Cluster, { joining }: Pick<Membership, 'joining'>): void {
  const [lost] = joining.filter((one) => one.lost !== null).map(({ name }) => name);
  if (lost === undefined || !hasStackedEtcd(cluster)) return;
  // A machine that leaves is forgotten; who made it tells of it again.
  const back = cluster.nodes.some(({ name, ssh }) => name === lost && ssh === null)
    ? `npm run lab (vagrant up ${lost})`
    : 'hardway up';
  throw new HardwayError('IMPOSSIBLE', `${lost} is a member of the database and has lost its data`, {
    evidence: ['kubeadm takes a machine in only as a new member'],
    remedy: `hardway node remove ${lost}, then ${back}: it comes back as a new one; the others go on meanwhile.`,
  });
}
