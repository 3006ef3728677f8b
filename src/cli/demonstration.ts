import type { Cluster } from '../cluster/model.ts';
import type { Connection } from '../connection/connection.ts';
import type { Undertaking } from './probe.ts';

/** A workload that shows that the cluster works, step by step. */
export interface Demonstration {
  /** Whether every step was well; then it stays when `keep`. Whatever failed is told before it is taken away. */
  show(
    cluster: Cluster,
    machines: ReadonlyMap<string, Connection>,
    keep: boolean,
    by: Telling,
  ): Promise<boolean>;
  /** Takes away what was kept. */
  remove(cluster: Cluster, machines: ReadonlyMap<string, Connection>, by: Undertaking): Promise<void>;
}

export interface Telling extends Undertaking {
  readonly tell: (step: DemoStep) => void;
  readonly tellFailure: (error: unknown) => void;
}

export interface DemoStep {
  /** Stable, for programs: "database", "front", "count", "data", "page", "gone". */
  readonly step: string;
  /** What was seen. */
  readonly found: string;
  readonly seconds: number;
  /** Where a browser finds it. */
  readonly url?: string;
}
