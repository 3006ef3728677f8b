import type { Cluster } from '../src/cluster/model.ts';
import type { Phase } from '../src/engine/phase.ts';
import { host } from './phases/host.ts';
import { runtime } from './phases/runtime.ts';
import type { Scope } from './scope.ts';

/** What every machine gets. */
export const shared = (cluster: Cluster): Phase<Scope>[] => [host(cluster), runtime(cluster)];
