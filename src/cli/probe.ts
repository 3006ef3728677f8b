import type { Cluster } from '../cluster/model.ts';
import type { Connection } from '../connection/connection.ts';
import type { Report } from '../report/event.ts';
import type { Finding } from './check.ts';

/** What `hardway verify` proves by using the cluster: it makes things there, and takes all of them away again. */
export interface Probes {
  /** What each proves, by name; completes "verify …". */
  readonly describe: Readonly<Record<string, string>>;
  /** Throws HardwayError when it was stopped or cannot begin; nothing of its own stays, whatever happens. */
  run(
    cluster: Cluster,
    machines: ReadonlyMap<string, Connection>,
    wanted: readonly string[],
    by: Undertaking,
  ): Promise<Proven>;
}

export interface Proven {
  readonly findings: readonly (Finding & { readonly check: string })[];
  /** What a probe comes to when all of it is well, by its name. */
  readonly sums: Readonly<Record<string, string>>;
}

/** How something that takes a while is carried out. */
export interface Undertaking {
  /** Ends it after the step in hand; what was made is taken away all the same. */
  readonly signal: AbortSignal;
  /** What it is about to do, for people who wait. */
  readonly note: (text: string) => void;
  readonly report: Report;
}
