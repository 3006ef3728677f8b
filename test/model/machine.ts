import type { Node } from '../../src/cluster/model.ts';
import type { Connection } from '../../src/connection/connection.ts';
import { HardwayError } from '../../src/errors.ts';
import { Api } from './api.ts';
import { connectionTo } from './connection.ts';
import type { ModelCluster } from './cluster.ts';
import { Disk } from './disk.ts';
import { emptyEtcd, type EtcdData } from './etcd.ts';
import { Kernel } from './kernel.ts';
import { type Process, Systemd } from './systemd.ts';

/** One machine: its disk, its kernel, its services, and what lies in the stores of etcd and containerd. */
export class ModelMachine {
  readonly name: string;
  readonly cluster: ModelCluster;
  disk = new Disk();
  kernel: Kernel;
  systemd: Systemd;
  users = new Set(['root']);
  packages = new Set<string>();
  /** In containerd's store: digest of the archive by reference. */
  images = new Map<string, string>();
  /** What the kubelet runs from files, by name. */
  pods = new Map<string, Process>();
  /** null: /var/lib/etcd is empty. */
  etcd: EtcdData | null = null;
  #node: Node | null = null;
  /** Power. */
  on = true;
  /** MiB; what it was given when it last started. */
  hardware = { cpus: 2, memory: 2048 };
  /** How often its kubelet has said that it is there. */
  renewals = 0;

  constructor(name: string, cluster: ModelCluster) {
    this.name = name;
    this.cluster = cluster;
    this.kernel = new Kernel(cluster.kind);
    this.systemd = this.#newSystemd();
    this.#install();
    this.give();
  }

  /** As its provider does: CPUs and memory are those of the description from the next start on. */
  give(): void {
    const { cpus, memory } = this.node;
    this.hardware = { cpus, memory };
  }

  /** As the description has it, or had it last. */
  get node(): Node {
    this.#node = this.cluster.description.nodes.find(({ name }) => name === this.name) ?? this.#node;
    if (this.#node === null) throw new HardwayError('MODEL', `${this.name} was never in a description`);
    return this.#node;
  }

  connection(): Connection {
    return connectionTo(this);
  }

  isActive(service: string): boolean {
    return this.on && this.process(service) !== null;
  }

  /** Of a unit, or of a pod. */
  process(service: string): Process | null {
    return this.systemd.process(`${service}.service`) ?? this.pods.get(service) ?? null;
  }

  /** A program of ours that can be run. */
  canRun(path: string): boolean {
    const entry = this.disk.get(path);
    return entry !== undefined && (entry.mode & 0o100) !== 0 && this.cluster.isProgram(entry.sha256);
  }

  /** Everything in memory is gone; whatever is enabled starts again. */
  powerOff(): void {
    this.on = false;
    this.pods.clear();
    this.disk.remove('/run');
    this.systemd.boot();
    this.kernel.boot(this.disk);
  }

  powerOn(): void {
    this.on = true;
    this.cluster.settle();
  }

  reboot(): void {
    this.powerOff();
    this.powerOn();
  }

  /** As it left the factory. */
  wipe(): void {
    this.disk = new Disk();
    this.kernel = new Kernel(this.cluster.kind);
    this.systemd = this.#newSystemd();
    this.users = new Set(['root']);
    this.packages.clear();
    this.images.clear();
    this.pods.clear();
    this.etcd = null;
    this.#install();
    this.cluster.settle();
  }

  /** etcd makes its database when it starts without one. */
  database(): EtcdData {
    this.etcd ??= emptyEtcd(new Api());
    return this.etcd;
  }

  #newSystemd(): Systemd {
    return new Systemd(this.disk, (sha256) => this.cluster.isProgram(sha256));
  }

  #install(): void {
    for (const tool of ['/usr/bin/openssl', '/usr/sbin/nft'])
      this.disk.write(tool, Buffer.from(tool), 0o755, 'root:root');
    this.disk.write('/etc/hostname', Buffer.from('debian\n'), 0o644, 'root:root');
    this.disk.write('/etc/hosts', Buffer.from('127.0.0.1 localhost\n'), 0o644, 'root:root');
    const swap = this.cluster.kind === 'vm' ? '/dev/sda2 none swap sw 0 0\n' : '';
    this.disk.write('/etc/fstab', Buffer.from(`/dev/sda1 / ext4 defaults 0 1\n${swap}`), 0o644, 'root:root');
    this.kernel.boot(this.disk);
  }
}

/** The machine of that name; its cluster's other machines are the ones it can talk to. */
export function modelMachine(name: string, cluster: ModelCluster): ModelMachine {
  return cluster.machine(name);
}
