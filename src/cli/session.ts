import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Cluster } from '../cluster/model.ts';
import { loadCluster } from '../cluster/load.ts';
import type { Connection } from '../connection/connection.ts';
import { knownHosts } from '../connection/known-hosts.ts';
import { HardwayError } from '../errors.ts';
import type { Machine } from '../engine/converge.ts';
import type { Renewal } from '../pki/renewal.ts';
import { openState, type State } from '../state/directory.ts';
import { type Machine as Endpoint, readInventory, targetOf } from '../state/inventory.ts';
import { reach } from './reach.ts';

export interface SessionOptions {
  /** Path of cluster.json. */
  readonly file: string;
  readonly set: readonly string[];
  /** Name of a machine that is to be treated as if it were no longer in cluster.json. */
  readonly without?: string;
  /** `<holder>/<purpose>` of certificates that are to be made anew. */
  readonly renew?: readonly string[];
}

/** One cluster as the operator's machine knows it. */
export interface Session {
  readonly cluster: Cluster;
  readonly state: State;
  /** The folder of cluster.json. */
  readonly folder: string;
  readonly renewal?: Renewal | undefined;
  /** All declared machines, with a connection to those somebody has told us about; and those that leave. */
  machines(): Promise<readonly Machine[]>;
  close(): Promise<void>;
}

/** Reads cluster.json (throws DescriptionError) and opens its state directory. */
export function openSession(options: SessionOptions): Session {
  const file = resolve(options.file);
  if (!existsSync(file)) {
    throw new HardwayError('NO_DESCRIPTION', `there is no ${file}`, {
      remedy: 'Run in the folder of your cluster.json, or name it with --file.',
    });
  }
  const whole = loadCluster(file, { set: [...options.set] });
  const cluster = { ...whole, nodes: whole.nodes.filter(({ name }) => name !== options.without) };
  const folder = dirname(file);
  const state = openState(resolve(folder, '.hardway'));
  const ways = reach(knownHosts(state.path('known_hosts')), cluster.timeouts['connect'] ?? 10);

  async function machines(): Promise<readonly Machine[]> {
    const inventory = new Map((await readInventory(state)).map((machine) => [machine.name, machine]));
    const declared = cluster.nodes.map(({ name, ssh }) => {
      const told = inventory.get(name);
      inventory.delete(name);
      return { name, connection: ssh === null ? toldBy(told) : ways.to(name, ssh, true) };
    });
    const leaving = [...inventory.values()].map((machine) => ({
      ...{ name: machine.name, connection: toldBy(machine), leaving: true },
    }));
    return Promise.all(
      [...declared, ...leaving].map(async (one) => ({ ...one, connection: await one.connection })),
    );
  }

  /** What is remembered from cluster.json leaves out what was left out there. */
  const toldBy = (machine: Endpoint | undefined): Promise<Connection> | null =>
    machine === undefined ? null : ways.to(machine.name, targetOf(machine), machine.provider === '');

  const renewal = options.renew && { names: new Set(options.renew), since: Date.now() };
  return { cluster, state, folder, renewal, machines, close: ways.close };
}
