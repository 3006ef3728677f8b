import { mayUse } from './etcd.ts';
import { kubelet } from './kubelet.ts';
import { staticPods } from './static-pods.ts';
import type { ModelMachine } from './machine.ts';

/** What the programs of these machines do by themselves next; false: nothing. */
export function react(machines: readonly ModelMachine[]): boolean {
  let acted = false;
  for (const machine of machines) {
    if (!machine.on) continue;
    acted = machine.systemd.retry() || acted;
    if (machine.isActive('etcd') && machine.etcd === null) {
      machine.database();
      machine.disk.makeDirectory('/var/lib/etcd/member');
      acted = true;
    }
    if (machine.isActive('containerd') && !machine.disk.has(STORE)) {
      machine.disk.makeDirectory(STORE);
      acted = true;
    }
    acted = flanneld(machine) || acted;
    acted = staticPods(machine) || acted;
    acted = kubelet(machine) || acted;
  }
  return acted;
}

/** Where containerd keeps what it knows of images. */
export const STORE = '/var/lib/containerd/io.containerd.metadata.v1.bolt';

const CONFIG = '/coreos.com/network/config';
export const CONFLIST = '/etc/cni/net.d/10-flannel.conflist';

/** Reads the plan of the network once, when it starts; takes a subnet and lets the CNI configuration be made. */
function flanneld(machine: ModelMachine): boolean {
  const process = machine.on ? machine.systemd.process('flanneld.service') : null;
  if (process === null || process.learnt.has('network')) return false;
  const etcd = machine.cluster.etcd();
  const plan = etcd?.keys.get(CONFIG);
  if (etcd === null || plan === undefined || !mayUse(etcd, 'flannel', CONFIG)) return false;
  process.learnt.set('network', plan);
  const { address } = machine.node;
  etcd.keys.set(`/coreos.com/network/subnets/${subnet(address)}-24`, JSON.stringify({ PublicIP: address }));
  machine.disk.write(
    '/run/flannel/subnet.env',
    Buffer.from(`FLANNEL_SUBNET=${subnet(address)}/24\n`),
    0o644,
    'root:root',
  );
  machine.disk.write(CONFLIST, Buffer.from(`{"subnet":"${subnet(address)}"}`), 0o600, 'root:root');
  return true;
}

/** The same for the same machine, so that two end states can be compared. */
const subnet = (address: string): string => `10.${address.split('.').slice(2).join('.')}.0`;

/** flanneld tells systemd that it is there only when it has a subnet. */
export const flanneldIs = (machine: ModelMachine): string => {
  const process = machine.systemd.process('flanneld.service');
  if (process === null)
    return machine.systemd.show('flanneld.service').includes('=activating') ? 'activating' : 'inactive';
  return process.learnt.has('network') ? 'active' : 'activating';
};
