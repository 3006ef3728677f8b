import type { Cluster, Node } from '../src/cluster/model.ts';
import { type Membership, membershipOf, settledMembership } from './etcd-members.ts';
import type { Facts } from './facts.ts';
import { byRole, namesOf } from './scope.ts';

/** What stands before a pass, where it decides in which order machines are changed. */
export interface Standing {
  readonly membership: Membership;
  /** Masters without an API server so far: they start before those that serve are restarted. */
  readonly fresh: readonly string[];
  /** Only masters that leave serve so far: machines stay with them until others do. */
  readonly succession: boolean;
  /**
   * Controllers elect one among them. A lone one needs no election, and the lease of its predecessor would cost 16 s at
   * each restart; but once they elected they go on: those that leave act until they are gone.
   */
  readonly electing: boolean;
}

/** Of machines that nobody has asked. */
export const settled = (cluster: Cluster): Standing => ({
  membership: settledMembership(cluster),
  fresh: [],
  succession: false,
  electing: byRole(cluster, 'master').length > 1,
});

export function standingOf(
  cluster: Cluster,
  leaving: readonly Node[],
  facts: ReadonlyMap<string, Facts>,
): Standing {
  const masters = namesOf(byRole(cluster, 'master'));
  const serves = (name: string): boolean => hasApiServer(facts.get(name));
  return {
    membership: membershipOf(cluster, leaving, facts),
    fresh: masters.filter((name) => !serves(name)),
    succession: !masters.some(serves) && namesOf(leaving).some(serves),
    electing: masters.length > 1 || [...facts.values()].some(({ electing }) => electing),
  };
}

/** Whoever made it: a unit of ours, a pod of ours or of kubeadm's. */
const hasApiServer = (facts: Pick<Facts, 'styles'> | undefined): boolean => (facts?.styles ?? []).length > 0;

/** Machines that are there, those first that know the cluster: who comes anew has nothing to tell. */
export function byKnowledge(
  cluster: Cluster,
  facts: ReadonlyMap<string, Facts>,
  { joining }: Pick<Membership, 'joining'>,
): string[] {
  // What a member knows whose place is lost is of the past.
  const isFallen = (name: string): boolean => joining.some((one) => one.name === name);
  const knows = (name: string, { styles, kubelet, etcd }: Facts): number =>
    isFallen(name) ? 0 : Number(hasApiServer({ styles })) + Number(kubelet !== '') + Number(etcd.data);
  const place = (name: string): number => cluster.nodes.findIndex((node) => node.name === name);
  return [...facts]
    .sort(([nameA, a], [nameB, b]) => knows(nameB, b) - knows(nameA, a) || place(nameA) - place(nameB))
    .map(([name]) => name);
}
