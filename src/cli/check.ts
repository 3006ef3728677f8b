import type { Cluster, Node } from '../cluster/model.ts';
import type { Script } from '../connection/quote.ts';

/** Something about the machines that `hardway verify <what>` proves. */
export interface Check {
  /** Completes "verify …": what it looks at, for the help. */
  readonly describe: string;
  /** Asked of each machine that is there; reads only. */
  question(cluster: Cluster, node: Node): Script;
  /** Pure: what the answer shows. */
  judge(cluster: Cluster, node: Node, output: string): readonly Finding[];
}

/** One thing that was looked at on one machine. */
export interface Finding {
  readonly machine: string;
  /** "CIS 1.2.15", "port 10250". */
  readonly id: string;
  /** What should hold, as a statement. */
  readonly title: string;
  /** excepted: it does not hold, for a reason that is known and told. */
  readonly is: 'well' | 'wrong' | 'excepted';
  /** What is there. */
  readonly found: string;
  /** Of an exception. */
  readonly reason?: string;
  /** The key of cluster.json or the command that mends it. */
  readonly remedy?: string;
}
