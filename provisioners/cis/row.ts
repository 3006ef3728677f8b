import type { Finding } from '../../src/cli/check.ts';
import type { Cluster } from '../../src/cluster/model.ts';
import { isNode } from '../scope.ts';
import { servicesOf } from '../services.ts';
import type { Look } from './look.ts';

/** One recommendation: the whole table is `table` in security.ts. */
export interface Row {
  /** "CIS 1.2.15"; "ours: audit log" where the benchmark has no number for it. */
  readonly id: string;
  /** What should hold, as a statement. */
  readonly title: string;
  /** Whether it concerns this machine. */
  readonly on: (look: Look) => boolean;
  /** Pure. */
  readonly judge: (look: Look) => Verdict | readonly Verdict[];
  /** The key of cluster.json that decides it, while its value is not enough. */
  readonly key?: (cluster: Cluster) => string | null;
}

export interface Verdict extends Pick<Finding, 'is' | 'found' | 'reason' | 'remedy'> {
  /** Where it was asked for another machine: that one. */
  readonly machine?: string;
}

export const well = (found: string): Verdict => ({ is: 'well', found });
export const wrong = (found: string, remedy?: string): Verdict => ({
  ...{ is: 'wrong', found },
  ...(remedy === undefined ? {} : { remedy }),
});
export const excepted = (found: string, reason: string): Verdict => ({ is: 'excepted', found, reason });
export const wellIf = (holds: boolean, found: string): Verdict => (holds ? well(found) : wrong(found));

export const onMaster = ({ node }: Look): boolean => node.roles.includes('master');
export const onEtcd = ({ node }: Look): boolean => node.roles.includes('etcd');
export const onNode = ({ cluster, node }: Look): boolean => isNode(cluster, node);
export const hasKubelet = ({ cluster, node }: Look): boolean => servicesOf(cluster, node).includes('kubelet');
export const everywhere = (): boolean => true;
export const withProxy = ({ cluster }: Look): boolean => cluster.network.kubeProxy !== 'disabled';

/** A rule that the benchmark has no number for. */
export const ours = (name: string, row: Row): Row => ({ ...row, id: `ours: ${name}` });

/** What only the hardened profile has. */
export const hardenedOnly = ({ security }: Cluster): string | null =>
  security.profile === 'hardened' ? null : 'security.profile';

/** Drift: a run puts back what cluster.json wants. */
const REPAIR = 'hardway up';

/** What a row finds on one machine. */
export function findings(row: Row, look: Look): Finding[] {
  if (!row.on(look)) return [];
  return [row.judge(look)].flat().map(({ machine = look.node.name, is, found, reason, remedy }): Finding => ({
    ...{ machine, id: row.id, title: row.title, is, found },
    ...(reason === undefined ? {} : { reason }),
    ...(is === 'wrong' ? { remedy: remedy ?? row.key?.(look.cluster) ?? REPAIR } : {}),
  }));
}
