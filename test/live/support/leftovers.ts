import { changedSinceBox } from './disk.ts';
import type { Lab } from './lab.ts';

/** What may differ from the box on a machine that Hardway has left, and why. */
const allowed: readonly RegExp[] = [
  // Made at the first boot, by Vagrant and by the machine itself.
  /^[+~] \/etc\/(fstab|hostname|machine-id|resolv\.conf|\.pwd\.lock|ssh\/ssh_host_.*)$/,
  /^[+~] \/home\/vagrant(\/.*)?$/,
  /^[+~] \/var\/lib\/(dbus|dhcp|systemd|private)(\/.*)?$/,
  /^[+~] \/root\/\.ssh(\/.*)?$/,
  // Logs and caches of the system; backups that useradd and userdel keep.
  /^[+~] \/var\/(log|cache|tmp|lib\/apt|lib\/dpkg)(\/.*)?$/,
  /^[+~] \/etc\/(passwd|group|shadow|gshadow|subuid|subgid)-$/,
  // Ours, though the box brought it: programs and images.
  /^- \/usr\/local\/bin\/(containerd|ctr|runc|etcd|flanneld|kube)[a-z0-9-]*$/,
  /^- \/opt\/cni(\/bin)?$/,
  /^- \/var\/lib\/(containerd|hardway)(\/.*)?$/,
];

/** Everything that is not as it was before Hardway came, on disk and in the kernel; empty: nothing. */
export async function leftovers(lab: Lab, machine: string): Promise<string[]> {
  const { stdout } = await lab.on(
    machine,
    `nft list ruleset | sed 's/^/rule: /'
ls /sys/class/net | grep -vxE 'lo|eth[01]' | sed 's/^/interface: /'
ip route | grep -vE '^default|dev eth[01] proto kernel' | sed 's/^/route: /'
grep -E 'kube|containerd|cni|flannel|etcd' /proc/mounts | sed 's/^/mount: /'
systemctl list-unit-files --no-legend | grep -E '^(kube|etcd|flannel|containerd|hardway)' | sed 's/^/unit: /'
systemctl --failed --no-legend --plain | sed 's/^/failed: /'
getent passwd etcd | sed 's/^/user: /'; getent group etcd | sed 's/^/group: /'
cat /proc/[0-9]*/cmdline | tr '\\0' '\\n' | grep -E '^/usr/local/' | sed 's/^/process: /'
ls -d /run/* | grep -E 'kube|etcd|flannel|containerd|hardway|nri|netns' | sed 's/^/run: /'`,
  );
  const kernel = stdout.split('\n').filter((line) => line !== '');
  const disk = changedSinceBox(lab, machine).filter((line) => !allowed.some((rule) => rule.test(line)));
  return [...kernel, ...disk];
}
