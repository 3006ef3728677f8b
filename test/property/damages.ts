import fc from 'fast-check';
import { nodeNamed } from '../model/api.ts';
import type { ModelCluster } from '../model/cluster.ts';
import { DAMAGED } from '../model/disk.ts';
import { renew } from '../model/kubelet.ts';
import type { ModelMachine } from '../model/machine.ts';

/** What somebody did to a cluster: `which` picks the machine, `what` the thing on it. */
export interface Damage {
  readonly kind: keyof typeof kinds;
  readonly which: number;
  readonly what: number;
}

type Hurt = (machine: ModelMachine, what: number) => void;

const pick = <T>(from: readonly T[], what: number): T | undefined => from[what % Math.max(1, from.length)];

/** Files of ours that are text or keys; programs and images are hurt separately. */
const ours = ({ disk }: ModelMachine): string[] =>
  disk.paths().filter((path) => {
    const isOurs =
      /^\/(etc\/(kubernetes|etcd|flannel|containerd|systemd|sysctl\.d|modules-load\.d)|usr\/local\/lib|var\/lib\/(kubelet|kube-proxy|hardway\/founding))/;
    const isKubelets = /^\/var\/lib\/kubelet\/pki|kubelet\.conf$/;
    return disk.get(path)?.type === 'regular file' && isOurs.test(path) && !isKubelets.test(path);
  });

const programs = ({ disk }: ModelMachine): string[] =>
  disk
    .paths()
    .filter((path) => /^\/(usr\/local|opt\/cni)\/bin\/.|^\/var\/lib\/hardway\/images\/./.test(path));

const folders = [
  '/etc/cni/net.d',
  '/etc/containerd/certs.d',
  '/etc/kubernetes/manifests',
  '/etc/kubernetes/pki',
  '/var/log/kubernetes/audit',
];

const onFile =
  (hurt: (machine: ModelMachine, path: string) => void, candidates = ours): Hurt =>
  (machine, what) => {
    const path = pick(candidates(machine), what);
    if (path !== undefined) hurt(machine, path);
  };

const onUnit =
  (hurt: (machine: ModelMachine, id: string) => void): Hurt =>
  (machine, what) => {
    const id = pick(machine.systemd.ids(), what);
    if (id !== undefined) hurt(machine, id);
  };

const onEtcd =
  (hurt: (data: NonNullable<ReturnType<ModelCluster['etcd']>>, what: number) => void): Hurt =>
  ({ cluster }, what) => {
    const data = cluster.etcd();
    if (data !== null) hurt(data, what);
  };

const settled =
  (hurt: Hurt): Hurt =>
  (machine, what) => {
    if (!machine.on) return;
    hurt(machine, what);
    machine.cluster.settle();
  };

export const kinds = {
  'file deleted': settled(onFile(({ disk }, path) => disk.remove(path))),
  'file edited': settled(onFile(({ disk }, path) => disk.overwrite(path, `${disk.text(path)}${DAMAGED}`))),
  'file opened to all': settled(onFile(({ disk }, path) => disk.setRights(path, { mode: 0o666 }))),
  'file given away': settled(onFile(({ disk }, path) => disk.setRights(path, { owner: 'nobody:nogroup' }))),
  'folder opened to all': settled(({ disk }, what) => {
    const path = pick(folders, what) ?? '';
    if (disk.has(path)) disk.setRights(path, { mode: 0o777 });
  }),
  'hosts edited': settled(({ disk }) =>
    disk.overwrite(
      '/etc/hosts',
      disk.text('/etc/hosts').replace(/^[^#].* (master|api.*)$/gm, '192.0.2.1 $1'),
    ),
  ),
  'hostname changed': settled(({ kernel }) => void (kernel.hostname = 'somebody')),
  'swap on': settled((machine) => void (machine.kernel.swap = machine.cluster.kind === 'vm')),
  'sysctl changed': settled(({ kernel }) => void kernel.sysctls.set('net.ipv4.ip_forward', '0')),
  'program replaced': settled(
    onFile(({ disk }, path) => disk.write(path, Buffer.from('#!/bin/sh\n'), 0o755, 'root:root'), programs),
  ),
  'program deleted': settled(onFile(({ disk }, path) => disk.remove(path), programs)),
  'program not to be run': settled(
    onFile(({ disk }, path) => disk.setRights(path, { mode: 0o600 }), programs),
  ),
  'program copied back': settled(
    onFile(({ disk }, path) => {
      const { sha256 = '', size = 0 } = disk.get(path) ?? {};
      disk.write(path, { sha256, size }, 0o755, 'root:root');
    }, programs),
  ),
  'unit stopped': settled(onUnit(({ systemd }, id) => systemd.stop(id))),
  'unit disabled': settled(onUnit(({ systemd }, id) => systemd.disable(id))),
  'unit restarted': settled(
    onUnit(({ systemd }, id) => {
      if (systemd.process(id) === null) return;
      systemd.restart(id);
    }),
  ),
  'image removed': settled(({ images }, what) => void images.delete(pick([...images.keys()], what) ?? '')),
  'etcd key changed': settled(onEtcd(({ keys }) => void keys.set('/coreos.com/network/config', '{}'))),
  'etcd key deleted': settled(onEtcd(({ keys }) => void keys.delete('/coreos.com/network/config'))),
  'etcd permission revoked': settled(
    onEtcd(({ roles }, what) => {
      const role = roles.get(pick(['flannel', 'kube-apiserver-etcd-client'], what) ?? '');
      role?.delete(pick([...role.keys()], what) ?? '');
    }),
  ),
  'etcd user deleted': settled(
    onEtcd(
      ({ users }, what) => void users.delete(pick(['flannel', 'kube-apiserver-etcd-client'], what) ?? ''),
    ),
  ),
  'etcd without passwords': settled(onEtcd((data) => void (data.authentication = false))),
  'object deleted': settled(
    onEtcd(({ api }, what) => {
      const object = pick(
        api.all().filter(({ kind }) => kind !== 'Node'),
        what,
      );
      if (object !== undefined) api.delete(object);
    }),
  ),
  'node deleted': settled(({ cluster, name }) => cluster.etcd()?.api.delete(nodeNamed(name))),
  'object edited': settled(
    onEtcd(({ api }, what) => {
      const object = pick(api.all(), what);
      if (object === undefined) return;
      const { labels, ...metadata } = object.metadata;
      const [first] = Object.keys(labels ?? {}).filter((key) => !/^(app\.)?kubernetes\.io\//.test(key));
      if (first === undefined) return;
      api.set({ ...object, metadata: { ...metadata, labels: { ...labels, [first]: 'somebody' } } });
    }),
  ),
  'object stripped': settled(
    onEtcd(({ api }, what) => {
      const object = pick(
        api.all().filter(({ kind }) => kind !== 'Node'),
        what,
      );
      const last = Object.keys(object ?? {}).at(-1) ?? '';
      if (object !== undefined && last !== 'metadata' && last !== 'roleRef')
        api.set({ ...object, [last]: undefined });
    }),
  ),
  'certificate deleted': settled(({ disk }, what) =>
    disk.remove(`/var/lib/kubelet/pki/kubelet-${pick(['client', 'server'], what)}-current.pem`),
  ),
  'certificate to be renewed': settled(renew),
  'kubeconfig deleted': settled(({ disk }) => disk.remove('/etc/kubernetes/kubelet.conf')),
  'kubeconfig of an older Hardway': settled(({ disk }) => {
    const path = '/etc/kubernetes/kubelet.conf';
    if (disk.has(path)) disk.overwrite(path, '    server: https://192.0.2.1:6443\n');
  }),
  'CNI configuration deleted': settled(({ disk }) => disk.remove('/etc/cni/net.d/10-flannel.conflist')),
  rebooted: (machine) => machine.on && machine.reboot(),
  'power cut': (machine) => machine.on && machine.powerOff(),
  'all rebooted': ({ cluster }) => {
    for (const machine of cluster.machines().filter(({ on }) => on)) machine.powerOff();
    for (const machine of cluster.machines()) machine.powerOn();
  },
  wiped: (machine) => {
    // Without its database a cluster is refused, see provisioners/database.ts.
    if (machine.on && machine !== machine.cluster.master()) machine.wipe();
  },
} satisfies Record<string, (machine: ModelMachine, what: number) => unknown>;

export const damages = fc.array(
  fc.record({
    kind: fc.constantFrom(...(Object.keys(kinds) as (keyof typeof kinds)[])),
    which: fc.nat(3),
    what: fc.nat(60),
  }),
  { maxLength: 4 },
);

/**
 * A wrong plan of the network comes last. flanneld reads it when it starts and never again: one that was started
 * meanwhile keeps it, and no question of ours reveals that (known, not healed).
 */
const lastly = ({ kind }: Damage): number => (kind === 'etcd key changed' ? 1 : 0);

export function hurt(model: ModelCluster, all: readonly Damage[]): void {
  for (const { kind, which, what } of all.toSorted((one, other) => lastly(one) - lastly(other))) {
    const machine = pick(model.machines(), which);
    if (machine !== undefined) kinds[kind](machine, what);
  }
}
