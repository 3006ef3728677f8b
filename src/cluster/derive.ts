/** From a description without mistakes to the cluster: defaults filled in, entries expanded, addresses planned. */
import { builtInOf, chartsOf } from './addons.ts';
import type { Description, NodeEntry } from './description.ts';
import { expand } from './machines.ts';
import type { Machine } from './machines.ts';
import type { Cluster, Node } from './model.ts';
import { NEEDING_AGENT } from './plug-ins.ts';
import { nth, parseRange } from './ranges.ts';
import { machineDefaults, settle } from './settings.ts';
import type { Settings } from './settings.ts';
import { parseSsh, toTarget } from './ssh-target.ts';

/** `folder` is where cluster.json lies: key files are relative to it. */
export function derive(description: Description, folder: string): Cluster {
  const { dns, nodes, addons, ...settings } = settle(description);
  const machines = expand(nodes, parseRange(settings.network.machineCidr));
  const services = parseRange(settings.network.serviceCidr);
  return {
    ...settings,
    network: {
      ...settings.network,
      dns: { domain: dns.domain, serviceIP: dns.serviceIP ?? nth(services, 10) },
      apiServiceIP: nth(services, 1),
    },
    nodes: machines.map((machine) => toNode(machine, nodes[machine.entry]!, folder)),
    addons: { ...(needsPolicyAgent(settings.network) ? { 'network-policy': {} } : {}), ...builtInOf(addons) },
    waitForNodes: typeof addons['waitForNodes'] === 'number' ? addons['waitForNodes'] : 'all',
    charts: Object.fromEntries(
      Object.entries(chartsOf(addons)).map(([name, chart]) => [
        name,
        { namespace: name, values: {}, ...chart },
      ]),
    ),
  };
}

const needsPolicyAgent = ({ cni, policy }: Settings['network']): boolean =>
  policy && NEEDING_AGENT.includes(cni);

function toNode({ name, address }: Machine, entry: NodeEntry, folder: string): Node {
  if (name === undefined || address === undefined) throw new Error(`${entry.name} has no name or address`);
  const ssh = entry.ssh === undefined ? undefined : parseSsh(entry.ssh);
  return {
    name,
    roles: entry.roles,
    address,
    interface: entry.interface ?? ssh?.interface ?? null,
    cpus: entry.cpus ?? machineDefaults.cpus,
    memory: entry.memory ?? machineDefaults.memory,
    disk: entry.disk ?? machineDefaults.disk,
    labels: entry.labels ?? {},
    taints: (entry.taints ?? []).map(({ key, value, effect }) => ({ key, value: value ?? '', effect })),
    ssh: ssh === undefined ? null : ssh.entry === 'local' ? 'local' : toTarget(ssh.entry, folder),
  };
}
