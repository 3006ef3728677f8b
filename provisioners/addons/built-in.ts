import type { Cluster } from '../../src/cluster/model.ts';
import type { Addon } from './addon.ts';
import { coredns } from './coredns/coredns.ts';

/** Every built-in add-on by its name in cluster.json, in the order in which they are applied. */
export const builtIn: Readonly<Record<string, Addon>> = { coredns };

/** Those that are on. */
export const addonsOf = (cluster: Cluster): [name: string, addon: Addon][] =>
  Object.entries(builtIn).filter(([name]) => cluster.addons[name] !== undefined);
