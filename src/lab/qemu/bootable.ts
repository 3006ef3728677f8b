import type { Recipe } from '../../box/recipe.ts';

const IDENTITY = '/usr/local/sbin/machine-identity';

/** What a Debian with a kernel of its own needs beside what a container has, and without what only containers want. */
export function bootable(recipe: Recipe): Recipe {
  const forContainers =
    /^(systemd-modules-load|modprobe@|systemd-binfmt|proc-sys-fs-binfmt|sys-)|\/journald\.conf\.d\//;
  return {
    ...recipe,
    packages: [...recipe.packages, 'linux-image-cloud-amd64', 'udev', 'e2fsprogs'],
    files: [
      ...recipe.files.filter(({ path }) => !forContainers.test(path)),
      { path: '/etc/fstab', content: ['/dev/vda / ext4 defaults 0 1'] },
      { path: IDENTITY, mode: '0755', content: identity },
      {
        path: '/etc/systemd/system/machine-identity.service',
        content: [
          ...['[Unit]', 'Description=Address, key and disk of this machine, as its maker says'],
          ...['Wants=network-online.target', 'Before=network-online.target ssh.service'],
          ...['[Service]', 'Type=oneshot', 'RemainAfterExit=yes', `ExecStart=${IDENTITY}`],
          ...['[Install]', 'WantedBy=multi-user.target'],
        ],
      },
    ],
    units: {
      enable: [...recipe.units.enable, 'machine-identity.service'],
      mask: recipe.units.mask.filter((unit) => !forContainers.test(unit)),
    },
  };
}

/** One image serves all machines: what makes one of them comes with the kernel's command line. */
const identity = [
  '#!/bin/sh',
  'set -eu',
  'for word in $(cat /proc/cmdline); do',
  '  case $word in',
  '    machine.address=*) address=${word#*=} ;;',
  '    machine.key=*) key=${word#*=} ;;',
  '  esac',
  'done',
  'ip link set eth1 up',
  'ip address replace "$address" dev eth1',
  'echo "${key%%:*} ${key#*:}" >/home/vagrant/.ssh/authorized_keys',
  'resize2fs /dev/vda',
];
