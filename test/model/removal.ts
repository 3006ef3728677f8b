import { removal } from '../../provisioners/removal.ts';
import { withoutBlocks } from './hosts.ts';
import type { ModelMachine } from './machine.ts';
import { type Known, like, shape, word } from './shape.ts';

const services = [
  ...['kube-proxy', 'kubelet', 'kube-scheduler', 'kube-controller-manager', 'kube-apiserver'],
  ...['hardway-watchdog', 'hardway-approver'],
  ...['flanneld', 'hardway-routes', 'etcd', 'containerd', 'hardway-balancer', 'hardway-address'],
];
const folders = [
  '/etc/hardway',
  ...['/etc/kubernetes', '/etc/etcd', '/etc/flannel', '/etc/containerd', '/etc/cni/net.d', '/opt/cni/bin'],
  ...[
    '/var/lib/kubelet',
    '/var/lib/kube-proxy',
    '/var/lib/etcd',
    '/var/lib/etcd-kept',
    '/var/lib/containerd',
    '/var/lib/cni',
  ],
  ...['/var/lib/hardway', '/usr/local/lib/hardway', '/run/hardway', '/run/flannel', '/run/containerd'],
  ...['/etc/sysctl.d/90-hardway.conf', '/etc/modules-load.d/hardway.conf', '/etc/profile.d/hardway.sh'],
];

/** Everything of ours goes; in two effects, so that a cut can leave half of it. */
function clean(machine: ModelMachine): void {
  const { cluster, disk, systemd } = machine;
  cluster.effect(machine, () => {
    for (const name of services) {
      systemd.stop(`${name}.service`);
      systemd.disable(`${name}.service`);
      disk.remove(`/etc/systemd/system/${name}.service`);
    }
    systemd.reload();
  });
  cluster.effect(machine, () => {
    disk.overwrite('/etc/hosts', withoutBlocks(disk.text('/etc/hosts')));
    for (const path of [...disk.below('/usr/local/bin'), ...folders]) disk.remove(path);
    machine.users.delete('etcd');
    machine.images.clear();
    machine.pods.clear();
    machine.etcd = null;
  });
}

export const removalSteps: readonly Known<ModelMachine, void>[] = [
  { shape: shape`set +e`, act: () => undefined },
  { shape: like(removal(['HOLE']), { HOLE: word }), act: clean },
];
