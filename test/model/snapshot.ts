import type { ModelCluster } from './cluster.ts';
import { sha256Of } from './disk.ts';
import { isReady, isValid } from './kubelet.ts';
import type { ModelMachine } from './machine.ts';
import { DIGESTS } from './questions.ts';
import { startedWith, STARTED } from './systemd.ts';

/** A line a thing, sorted; what differs between two equal clusters (process numbers, inodes, times) is left out. */
export function snapshot(cluster: ModelCluster): string[] {
  const described = new Set(cluster.description.nodes.map(({ name }) => name));
  const machines = cluster.machines().filter(({ on, name }) => on && described.has(name));
  return [...machines.flatMap((machine) => ofMachine(machine)), ...ofCluster(cluster)].sort();
}

/** The same with every inode, time and process number: equal only when nobody has touched anything. */
export function photograph(cluster: ModelCluster): string[] {
  const identities = cluster
    .machines()
    .flatMap(({ name, disk, systemd, pods }) => [
      ...disk.paths().map((path) => `${name} ${path} ${disk.identity(path)}`),
      ...systemd.ids().map((id) => `${name} ${id} ${systemd.show(id)}`),
      ...[...pods].map(([pod, { pid }]) => `${name} pod ${pod} ${pid}`),
    ]);
  return [...snapshot(cluster), ...identities];
}

function ofMachine(machine: ModelMachine): string[] {
  const { name, disk, kernel, systemd, users, packages, images } = machine;
  const files = disk.paths().flatMap((path) => {
    const entry = disk.get(path);
    return entry === undefined || path.startsWith('/run/') || path.startsWith('/var/lib/hardway/before')
      ? []
      : [`file ${path} ${entry.type} ${entry.mode.toString(8)} ${entry.owner} ${digestOf(machine, path)}`];
  });
  const units = systemd.ids().map((id) => {
    const process = systemd.process(id);
    const shown = systemd
      .show(id)
      .replace(/^MainPID=.*\n/m, '')
      .replaceAll('\n', ' ');
    const with_ =
      process === null
        ? ''
        : `${sha256Of(process.unit)} ${process.learnt.get('files')} ${process.learnt.get('network') ?? ''}`;
    return `unit ${shown} started with ${startedWith(disk, id)} ${with_} ${systemd.replaced(id) ? 'replaced' : ''}`;
  });
  const started = disk.below(STARTED).map((path) => `record ${path}`);
  return [
    ...files,
    ...units,
    ...started,
    ...[...machine.pods].map(
      ([pod, { unit, learnt }]) => `pod ${pod} ${sha256Of(unit)} ${learnt.get('files')}`,
    ),
    `kernel ${kernel.hostname} swap ${kernel.swap} ${[...kernel.modules].sort().join(' ')}`,
    ...[...kernel.sysctls].map(([key, value]) => `sysctl ${key}=${value}`),
    ...[...users].map((user) => `user ${user}`),
    ...[...packages].map((each) => `package ${each}`),
    ...[...images].map(([reference, sha256]) => `image ${reference} ${sha256}`),
    `kubelet ready ${isReady(machine)}, certificates ${isValid(machine, 'client')} ${isValid(machine, 'server')}`,
  ].map((line) => `${name}: ${line}`);
}

/** Digests of what is the same each time; for the rest, what counts of it. */
function digestOf({ disk }: ModelMachine, path: string): string {
  if (path.startsWith('/var/lib/kubelet/pki/')) return 'a certificate';
  // In which order blocks of lines stand is the same to everybody.
  if (path === '/etc/hosts') return disk.text(path).split('\n').sort().join(' ');
  if (!path.startsWith(`${DIGESTS}/`)) return disk.get(path)?.sha256 ?? '';
  const [identity, sha256] = disk.text(path).trim().split(' ');
  return `${identity === disk.identity(path.slice(DIGESTS.length)) ? 'fresh' : 'stale'} ${sha256}`;
}

function ofCluster(cluster: ModelCluster): string[] {
  const etcd = cluster.etcd();
  if (etcd === null) return ['no etcd'];
  const open = [...etcd.api.requests.values()].filter(
    ({ certificate, condition }) => certificate === '' && condition !== 'Denied',
  );
  return [
    `authentication ${etcd.authentication}`,
    ...[...etcd.keys].map(([key, value]) => `key ${key} ${value}`),
    ...[...etcd.users].map(([name, roles]) => `etcd user ${name} ${[...roles].sort().join()}`),
    ...[...etcd.roles].map(([name, has]) => `etcd role ${name} ${sorted([...has.values()])}`),
    ...etcd.api.all().map((object) => `object ${canonical(object)}`),
    ...open.map(({ name, condition }) => `open request ${name} ${condition}`),
  ];
}

const sorted = (items: readonly unknown[]): string => items.map(canonical).sort().join();

/** JSON with its keys in order. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  // Nobody cares for the order of taints.
  if ('taints' in value && Array.isArray(value.taints))
    return canonical({ ...value, taints: sorted(value.taints) });
  const fields = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${fields.map(([key, inside]) => `${key}:${canonical(inside)}`).join()}}`;
}
