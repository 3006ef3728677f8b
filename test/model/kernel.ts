import type { Disk } from './disk.ts';

export type Kind = 'vm' | 'lxc';

/** What each kernel begins with. */
const defaults: Readonly<Record<string, string>> = {
  'net.ipv4.ip_forward': '0',
  ...{
    'vm.overcommit_memory': '0',
    'vm.panic_on_oom': '0',
    'kernel.panic': '0',
    'kernel.panic_on_oops': '0',
  },
  ...{ 'kernel.keys.root_maxkeys': '1000000', 'kernel.keys.root_maxbytes': '25000000' },
};

/** What the running kernel has in its hands; made from the disk at each boot. */
export class Kernel {
  readonly #kind: Kind;
  readonly modules = new Set<string>();
  readonly sysctls = new Map<string, string>();
  hostname = '';
  swap = false;

  constructor(kind: Kind) {
    this.#kind = kind;
  }

  boot(disk: Disk): void {
    this.modules.clear();
    this.sysctls.clear();
    for (const [key, value] of Object.entries(defaults)) this.sysctls.set(key, value);
    this.hostname = disk.text('/etc/hostname').trim();
    this.swap = /^[^#].*\sswap\s/m.test(disk.text('/etc/fstab'));
    if (this.#kind === 'lxc') this.load('overlay', 'br_netfilter');
    else this.load(...lines(disk, '/etc/modules-load.d/hardway.conf'));
    for (const line of lines(disk, '/etc/sysctl.d/90-hardway.conf')) {
      const [key = '', value = ''] = line.split(' = ');
      if (this.sysctls.has(key)) this.sysctls.set(key, value);
    }
  }

  load(...modules: string[]): void {
    for (const name of modules) this.modules.add(name);
    if (!this.modules.has('br_netfilter')) return;
    for (const family of ['iptables', 'ip6tables']) {
      const key = `net.bridge.bridge-nf-call-${family}`;
      if (!this.sysctls.has(key)) this.sysctls.set(key, '1');
    }
  }
}

/** Of a file that is not damaged. */
const lines = (disk: Disk, path: string): string[] =>
  disk.sound(path)
    ? disk
        .text(path)
        .split('\n')
        .filter((line) => line !== '')
    : [];
