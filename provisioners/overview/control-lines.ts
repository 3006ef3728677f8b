import type { Line } from '../../src/cli/overview.ts';
import type { Cluster, Node } from '../../src/cluster/model.ts';
import { BALANCER } from '../endpoint.ts';
import { hasEtcdStore } from '../pod-network.ts';
import { byRole, namesOf } from '../scope.ts';
import { servicesOf } from '../services.ts';
import { allPaths, pathName, paths } from './paths.ts';
import type { Seen } from './seen.ts';

export type Sight = ReadonlyMap<string, Seen>;

export const machineId = (name: string): string => `machine/${name}`;
export const componentId = (name: string, service: string): string => `component/${name}/${service}`;
export const pathId = (host: string, port: number): string => `api/${host}:${port}`;

/** Machines that are not there: nothing else is known of them. */
export const machineLines = (cluster: Cluster, sight: Sight, mute: ReadonlyMap<string, string>): Line[] =>
  cluster.nodes.map(({ name }) => {
    const line = { id: machineId(name), group: 'machines', what: name };
    const up = sight.get(name)?.up;
    if (up !== undefined) return { ...line, is: 'well', found: 'is there' };
    const said = mute.get(name);
    if (said !== undefined)
      return {
        ...line,
        is: 'wrong',
        found: `is there, but could not be asked: ${said}`,
        remedy: 'Ask again.',
      };
    return {
      ...{ ...line, is: 'wrong', found: 'is not there: nothing answers at its address' },
      remedy: `Start it (npm run lab, vagrant up ${name}); if it is gone for good: hardway node remove ${name}.`,
    };
  });

/** What must be well before a service can be. */
function needsOf(cluster: Cluster, { name }: Node, service: string): string[] {
  const database = ['etcd', ...byRole(cluster, 'etcd').map((each) => componentId(each.name, 'etcd'))];
  const servers = byRole(cluster, 'master').map((each) => componentId(each.name, 'kube-apiserver'));
  const needs: Readonly<Record<string, readonly string[]>> = {
    'kube-apiserver': database,
    'kube-controller-manager': [...database, ...servers],
    'kube-scheduler': [...database, ...servers],
    flanneld: hasEtcdStore(cluster) ? database : servers,
    kubelet: [componentId(name, 'containerd')],
    'kube-proxy': servers,
  };
  return [...(needs[service] ?? [])];
}

export const componentLines = (cluster: Cluster, sight: Sight): Line[] =>
  cluster.nodes.flatMap((node) => {
    const machine = sight.get(node.name);
    return machine === undefined
      ? []
      : servicesOf(cluster, node).map((service) => ({
          id: componentId(node.name, service),
          group: 'components',
          what: `${service} on ${node.name}`,
          needs: needsOf(cluster, node, service),
          ...component(service, machine),
          remedy: `hardway up starts it again; what it said: hardway logs ${node.name} ${service}.`,
        }));
  });

function component(service: string, { units, health, member }: Seen): Pick<Line, 'is' | 'found'> {
  const { state = 'unknown', words = '' } = units.get(service) ?? {};
  if (state !== 'active')
    return { is: 'wrong', found: words === '' ? `is ${state}` : words.replace(`${service} `, '') };
  const code = health.get(service);
  const isSilent = service === 'etcd' ? member === null : code === 0;
  if (isSilent) return { is: 'wrong', found: 'is active, but does not answer' };
  if (code !== undefined && code !== 200)
    return { is: 'wrong', found: `is active, but says of itself that it is not well (${code})` };
  return { is: 'well', found: 'is active' };
}

const MEGABYTE = 2 ** 20;

/** The database as a whole: who answers, who leads, how large it is. */
export function etcdLine(cluster: Cluster, sight: Sight): Line {
  const names = byRole(cluster, 'etcd').map(({ name }) => name);
  const there = names.flatMap((name) => {
    const member = sight.get(name)?.member ?? null;
    return member === null ? [] : [{ name, ...member }];
  });
  const hasQuorum = names.some((name) => sight.get(name)?.hasQuorum === true);
  const leader = there.find(({ id, leader }) => id === leader)?.name ?? 'somebody else';
  const size = Math.max(0, ...there.map(({ bytes }) => bytes)) / MEGABYTE;
  const answer = `${there.length} of ${names.length} members answer`;
  return {
    ...{ id: 'etcd', group: 'etcd', what: 'etcd' },
    is: hasQuorum ? 'well' : 'wrong',
    found: hasQuorum ? `${answer}, ${leader} leads, ${size.toFixed(1)} MB` : `${answer}: no quorum`,
    remedy: 'It works again when more than half of its members do.',
    needs: names.flatMap((name) => [machineId(name), componentId(name, 'etcd')]),
  };
}

/** The API by each path, as all machines see it. */
export const apiLines = (cluster: Cluster, sight: Sight): Line[] =>
  allPaths(cluster).map(({ host, port }) => {
    const id = `${host}:${port}`;
    const master = byRole(cluster, 'master').find(({ address }) => address === host);
    const silence = master === undefined ? '' : (sight.get(master.name)?.silence ?? '');
    const asked = namesOf(cluster.nodes.filter((node) => pathsOf(cluster, node).includes(id)));
    const answers = [...sight]
      .filter(([name]) => asked.includes(name))
      .map(([name, { paths }]) => ({ name, ...paths.get(id) }));
    const failing = answers.filter(({ code }) => code !== 200);
    const slowest = Math.max(0, ...answers.map(({ milliseconds = 0 }) => milliseconds));
    const isWell = failing.length === 0 && silence === '' && answers.length > 0;
    const unanswered = `${code(failing[0]?.code)} on ${failing.map(({ name }) => name).join(', ')}`;
    const machines = [...sight.keys()];
    return {
      ...{ id: pathId(host, port), group: 'api' },
      what: master === undefined ? pathName(cluster, { host, port }) : `the API at ${id}`,
      is: isWell ? 'well' : 'wrong',
      found: isWell
        ? `answers ${answers.length} of ${answers.length} machines, slowest ${slowest} ms`
        : silence === ''
          ? unanswered
          : silence,
      remedy: 'hardway up looks after it; if machines cannot reach it, look for a firewall between them.',
      needs: [
        ...['etcd', ...byRole(cluster, 'etcd').map(({ name }) => componentId(name, 'etcd'))],
        ...(master === undefined
          ? byRole(cluster, 'master').flatMap(({ name, address }) => [
              ...[machineId(name), componentId(name, 'kube-apiserver')],
              pathId(address, cluster.controlPlane.port),
            ])
          : [machineId(master.name), componentId(master.name, 'kube-apiserver')]),
        ...(host === cluster.network.apiServiceIP
          ? machines.map((name) => componentId(name, 'kube-proxy'))
          : []),
        ...(master === undefined ? failing.map(({ name }) => componentId(name, BALANCER)) : []),
      ],
    };
  });

const pathsOf = (cluster: Cluster, node: Node): string[] =>
  paths(cluster, node).map(({ host, port }) => `${host}:${port}`);

const code = (status = 0): string => (status === 0 ? 'no answer' : `answers ${status}, not 200,`);
