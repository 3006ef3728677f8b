import { BEGINNING } from '../../provisioners/etcdctl.ts';
import { MANIFESTS } from '../../provisioners/resources/static-pod.ts';
import { FOUNDING } from '../../provisioners/founding.ts';
import { etcdHere } from './commands.ts';
import { certificateOf, printed } from './kubelet.ts';
import type { ModelMachine } from './machine.ts';

const kinds = {
  lxc: ['cgroup=tmpfs', 'container=lxc', 'capabilities=0000003ffeffffff'],
  vm: ['cgroup=cgroup2fs', 'container=none', 'capabilities=000001ffffffffff'],
};

/** What the facts script prints on this machine. */
export function facts(machine: ModelMachine): string {
  const { disk, kernel, cluster, name, packages } = machine;
  const text = (path: string): string => disk.text(path);
  const founding = text(FOUNDING)
    .split('\n')
    .filter((line) => line !== '');
  return [
    ...['os=debian 12', 'architecture=x86_64', 'init=systemd', ...kinds[cluster.kind]],
    `bridge=${kernel.modules.has('br_netfilter') ? '/proc/sys/net/bridge' : ''}`,
    `swap=${kernel.swap ? 1 : 0}`,
    ...['nic=lo 127.0.0.1/8', `nic=eth1 ${machine.node.address}/24`, `machine-id=${name}`],
    ...[`time=${Math.round(Date.now() / 1000)}`, 'disk=20000', 'resolv=/etc/resolv.conf'],
    ...(packages.has('conntrack') || cluster.kind === 'lxc' ? [] : ['missing=conntrack']),
    ...(disk.has('/etc/kubernetes/kubelet.conf')
      ? [`kubelet=${printed(text(certificateOf('client')))}`]
      : []),
    `ca=${printed(text('/etc/kubernetes/pki/ca.crt'))}`,
    ...founding.map((line) => `founding=${line}`),
    ...runs(machine),
    ...member(machine),
    ...(disk.has('/etc/systemd/system/kube-apiserver.service') ? ['style=systemd'] : []),
    ...(disk.has(`${MANIFESTS}/kube-apiserver.yaml`) ? ['style=static-pods'] : []),
  ]
    .join('\n')
    .concat('\n');
}

/** Its member of the database, and what that says of all of them: there is no other. */
function member(machine: ModelMachine): string[] {
  const { disk, node } = machine;
  if (!disk.has('/var/lib/etcd/member')) return [];
  const urls = [2380, 2379].map((port) => `https://${node.address}:${port}`);
  return [
    'etcd=data',
    ...(disk.has(BEGINNING) ? ['etcd=begun'] : []),
    ...(etcdHere(machine) === null
      ? []
      : [`member=8e9e05c52164694d, started, ${node.name}, ${urls.join(', ')}, false`]),
  ];
}

/** First lines of our units. */
const runs = ({ disk }: ModelMachine): string[] =>
  ['etcd', 'kube-apiserver', 'kubelet'].flatMap((name) => {
    const first = /^# Runs (\S+) ([^ ,]+),/.exec(disk.text(`/etc/systemd/system/${name}.service`));
    return first === null ? [] : [`runs=${first[1]} ${first[2]}`];
  });
