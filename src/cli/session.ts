import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Cluster, Node } from '../cluster/model.ts';
import { loadCluster } from '../cluster/load.ts';
import type { Connection } from '../connection/connection.ts';
import { type KnownHosts, knownHosts } from '../connection/known-hosts.ts';
import type { SshOptions } from '../connection/ssh-client.ts';
import { HardwayError } from '../errors.ts';
import type { Machine } from '../engine/converge.ts';
import type { Renewal } from '../pki/renewal.ts';
import { openState, type State } from '../state/directory.ts';
import { type Machine as Endpoint, readInventory } from '../state/inventory.ts';

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
  const open = new Map<string, Connection>();
  const hosts = knownHosts(state.path('known_hosts'));

  async function machines(): Promise<readonly Machine[]> {
    // Loaded only when machines are to be reached: help and validation start faster.
    const [{ sshConnection }, { withSudo }] = await Promise.all([
      import('../connection/ssh.ts'),
      import('../connection/sudo.ts'),
    ]);
    const reach = (options: SshOptions): Connection => withSudo(sshConnection(options));
    const inventory = new Map((await readInventory(state)).map((machine) => [machine.name, machine]));
    const declared = cluster.nodes.map((node) => {
      const endpoint = endpointOf(node, inventory.get(node.name));
      inventory.delete(node.name);
      return { name: node.name, connection: endpoint && connectionTo(node.name, endpoint, reach) };
    });
    const leaving = [...inventory.values()].map((machine) => ({
      name: machine.name,
      connection: connectionTo(machine.name, machine, reach),
      leaving: true,
    }));
    return [...declared, ...leaving];
  }

  function connectionTo(
    name: string,
    { host, port, user, keys }: Target,
    reach: (options: SshOptions) => Connection,
  ): Connection {
    const key = `${name} ${user}@${host}:${port}`;
    const known = open.get(key);
    if (known !== undefined) return known;
    const connectTimeout = cluster.timeouts['connect'] ?? 10;
    const connection = reach({
      host,
      port,
      user,
      keys,
      knownHosts: keysByName(hosts, name),
      label: name,
      connectTimeout,
    });
    open.set(key, connection);
    return connection;
  }

  const close = async (): Promise<void> => {
    await Promise.all([...open.values()].map((connection) => connection.close()));
  };
  const renewal = options.renew && { names: new Set(options.renew), since: Date.now() };
  return { cluster, state, folder, renewal, machines, close };
}

type Target = Pick<Endpoint, 'host' | 'port' | 'user' | 'keys'>;

/**
 * A machine's key is kept under its name: under VirtualBox the endpoint is a forwarded port, and another machine's
 * tomorrow.
 */
export const keysByName = (hosts: KnownHosts, name: string): KnownHosts => ({
  load: () => hosts.load(name, 22),
  record: (_host, _port, key) => hosts.record(name, 22, key),
  forget: () => hosts.forget(name, 22),
});

const endpointOf = (node: Node, told: Endpoint | undefined): Target | null => node.ssh ?? told ?? null;
