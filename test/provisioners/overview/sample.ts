/** What the machines of cluster.json say of themselves when all is well, as the question's script prints it. */
import { seen, type Seen } from '../../../provisioners/overview/seen.ts';
import { paths } from '../../../provisioners/overview/paths.ts';
import { hasSubnet } from '../../../provisioners/pod-network.ts';
import { isEtcdOnly, nodesOf } from '../../../provisioners/scope.ts';
import { servicesOf } from '../../../provisioners/services.ts';
import type { Cluster } from '../../../src/cluster/model.ts';
import { cluster } from '../machines.ts';

const subnet = (index: number): string => `10.244.${index}`;
const silent = ['etcd', 'kube-apiserver'];

export function said(machine: string, of: Cluster = cluster): string[] {
  const at = of.nodes.findIndex(({ name }) => name === machine);
  const node = of.nodes[at]!;
  const has = (index: number): boolean => hasSubnet(of, of.nodes[index]!);
  const others = of.nodes.map((_, index) => index).filter((index) => index !== at && has(index));
  const services = servicesOf(of, node);
  return [
    'up=4000',
    ...services.map((name) => `unit=${name} active ${name === 'etcd' ? '3.6.14' : '1.36.4'}`),
    ...(has(at) ? [`subnet=${subnet(at)}.1/24 1450`, 'bridge=0a:58:0a:f4:00:01'] : []),
    ...services.filter((name) => !silent.includes(name)).map((name) => `answers=${name} 200`),
    ...paths(of, node).map(({ host, port }) => `path=${host}:${port} 200 12`),
    ...others.map((index) => `way=${subnet(index)}.0/24 full 0.${index}5`),
    ...(!isEtcdOnly(node) ? ['name= 72 87 129 128 0 1 0 1 0 0 0 0'] : []),
    ...(node.roles.includes('etcd') ? member : []),
    ...(node.roles.includes('master') ? knownTo(of) : []),
    'looked=through',
  ];
}

const member = [
  'member={"Endpoint":"x","Status":{"header":{"cluster_id":1,"member_id":13275612345678901234,"revision":9},"version":"3.6.14","dbSize":4194304,"leader":13275612345678901234}}',
  'quorum=yes',
];

const knownTo = (of: Cluster): string[] => [
  'api=answers',
  ...nodesOf(of).map(
    ({ name, address }) => `node=${name}|True|v1.36.4|${address}|kubelet is posting ready status`,
  ),
  'workload=Deployment|kube-system|coredns|2|2|coredns',
  'resolver=minion-1',
  'resolver=minion-2',
];

/** A part of what a machine says, and what it says instead. */
export type Change = readonly [machine: string, said: RegExp, instead?: string];

export function sight(...changes: readonly Change[]): Map<string, Seen> {
  return new Map(
    cluster.nodes.flatMap(({ name }) => {
      const lines = changes
        .filter(([machine]) => machine === name)
        .reduce(
          (lines, [, which, instead]) =>
            lines.flatMap((line) =>
              which.test(line) ? (instead === undefined ? [] : [line.replace(which, instead)]) : [line],
            ),
          said(name),
        );
      const found = seen(lines.join('\n'));
      return found === null ? [] : [[name, found] as const];
    }),
  );
}
