import { stringify } from 'yaml';
import type { Cluster, Node, SshTarget } from '../cluster/model.ts';
import { optionWords } from '../connection/openssh.ts';
import { quote } from '../connection/quote.ts';
import { type Machine, targetOf } from '../state/inventory.ts';
import type { Session } from './session.ts';

/** One machine's variables, or a group's members, as Ansible reads them. */
type Variables = Readonly<Record<string, string | number | boolean>>;

/** The groups of the inventory: one master that may act for all, and the machines of each role. */
const groups = (nodes: readonly Node[]): Readonly<Record<string, readonly Node[]>> => {
  const masters = nodes.filter(({ roles }) => roles.includes('master'));
  return {
    init_master: masters.slice(0, 1),
    masters,
    workers: nodes.filter(({ roles }) => roles.includes('minion')),
    etcd: nodes.filter(({ roles }) => roles.includes('etcd')),
  };
};

/** An inventory in YAML of all machines that somebody has told about. Secrets are not in it. */
export function ansibleInventory(session: Session, told: readonly Machine[]): string {
  const { cluster } = session;
  const byName = new Map(told.map((machine) => [machine.name, machine]));
  const reached = cluster.nodes.flatMap((node) => {
    const machine = byName.get(node.name);
    const ssh = node.ssh ?? (machine === undefined ? null : targetOf(machine));
    return ssh === null ? [] : [{ node, ssh }];
  });
  const there = reached.map(({ node }) => node);
  const children = Object.entries(groups(there)).map(([group, nodes]) => [
    group,
    { hosts: Object.fromEntries(nodes.map(({ name }) => [name, {}])) },
  ]);
  const hosts = reached.map(({ node, ssh }) => [node.name, variables(session, node, ssh)]);
  const all = {
    hosts: Object.fromEntries(hosts) as object,
    children: Object.fromEntries(children) as object,
    vars: shared(cluster),
  };
  return stringify({ all }, { lineWidth: 0 });
}

const shared = ({ name }: Cluster): Variables => ({ hardway_cluster: name, ansible_host_key_checking: true });

function variables({ cluster, state }: Session, node: Node, ssh: SshTarget | 'local'): Variables {
  const { name, address, interface: nic, roles } = node;
  const own: Variables = {
    hardway_address: address,
    ...(nic === null ? {} : { hardway_interface: nic }),
    hardway_roles: roles.join(','),
    ansible_become: true,
  };
  if (ssh === 'local') return { ansible_connection: 'local', ...own };
  const options = optionWords({
    ...{ name, target: ssh, configured: node.ssh !== null, knownHosts: state.path('known_hosts') },
    connectTimeout: cluster.timeouts['connect'] ?? 10,
  });
  const { host, port, user, keys, sudoPassword } = ssh;
  const [, variable] = sudoPassword?.split('env:') ?? [];
  const [key, ...more] = keys ?? [];
  return {
    ansible_host: host,
    ...(port === null ? {} : { ansible_port: port }),
    ...(user === null ? {} : { ansible_user: user }),
    ...(key === undefined ? {} : { ansible_ssh_private_key_file: key }),
    ansible_ssh_common_args: [...options, ...more.flatMap((file) => ['-i', file])].map(quote).join(' '),
    ...own,
    ...(variable === undefined
      ? {}
      : { ansible_become_password: `{{ lookup('ansible.builtin.env', '${variable}') }}` }),
  };
}
