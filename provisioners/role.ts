import type { Cluster, Role } from '../src/cluster/model.ts';
import type { Told } from '../src/cli/product.ts';
import { wantedBy } from './influences.ts';
import { portsOf } from './ports.ts';

const SAYS: Readonly<Record<Role, string>> = {
  etcd: 'Keeps the cluster’s state.',
  master: 'Runs the control plane: API server, controller manager, scheduler.',
  minion: 'Runs pods.',
};

/** Which process a port is for, where ports.ts calls it otherwise. */
const PROCESSES: Readonly<Record<string, string>> = {
  'the API server': 'kube-apiserver',
  'the kubelet': 'kubelet',
  flannel: 'flanneld',
};

/** Each file with mode and owner, each process with its ports: of the first machine of that role, as it is described. */
export function roleTold(cluster: Cluster, role: string): Told[] {
  const node = cluster.nodes.find(({ roles }) => roles.some((each) => each === role));
  if (node === undefined) return [];
  const wanted = wantedBy(cluster, node.name)
    .map(({ resource }) => resource)
    .filter(({ desired }) => desired !== null);
  const ports = portsOf(cluster, node);
  const places = { loopback: 'loopback', node: node.address, both: `loopback and ${node.address}` };
  const processes = units(wanted).map((unit): [string, string] => {
    const own = ports.filter((port) => (PROCESSES[port.for] ?? port.for) === unit.replace('.service', ''));
    const doors = own.map(({ port, protocol, on }) => {
      const where = on === undefined ? '' : ` on ${places[on]}`;
      return `${port}/${protocol ?? 'tcp'}${where}`;
    });
    return ['process', [unit, doors.length === 0 ? 'no port' : doors.join(', ')].join('  ')];
  });
  const files = wanted.flatMap(({ id, desired }): [string, string][] => {
    const path = /^(?:file|directory|artefact):(\/.*)/.exec(id)?.[1];
    return path === undefined || desired === null || desired['mode'] === undefined
      ? []
      : [['file', `${String(desired['mode'])} ${String(desired['owner'])}  ${path}`]];
  });
  const says = SAYS[role as Role];
  return [
    {
      title: `role ${role}, as on ${node.name} (${node.roles.join(', ')})`,
      says,
      facts: [...processes, ...files],
    },
  ];
}

/** An object of the API may be called a Service too. */
const units = (all: readonly { readonly id: string }[]): string[] =>
  all.flatMap(({ id }) => /^service:(.+\.service)$/.exec(id)?.[1] ?? []);
