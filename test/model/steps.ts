import { installation } from '../../provisioners/phases/host.ts';
import { etcdUsers } from '../../provisioners/resources/etcd-access.ts';
import { CTL, ETCD_RECORD, etcdHere } from './commands.ts';
import { accessRevision, enableAuthentication, type EtcdData, grantPermission, grantRole } from './etcd.ts';
import { withBlock } from './hosts.ts';
import { kubectlSteps } from './kubectl.ts';
import type { ModelMachine } from './machine.ts';
import { IMPORTED } from './questions.ts';
import { Refusal } from './refusal.ts';
import { type Known, like, shape, text, word, words, wordsOf } from './shape.ts';
import { podSteps } from './static-pods.ts';
import { STARTED } from './systemd.ts';
import { removalSteps } from './removal.ts';

export type Step = Known<ModelMachine, void>;

/** One effect. */
const once =
  (act: (machine: ModelMachine, ...found: string[]) => void) =>
  (machine: ModelMachine, ...found: string[]): void =>
    machine.cluster.effect(machine, () => act(machine, ...found));

const etcdOf = (machine: ModelMachine): EtcdData => {
  const etcd = etcdHere(machine);
  if (etcd === null) throw new Refusal(1, 'etcdctl: context deadline exceeded');
  return etcd;
};

/** All that is left to do when the users are as they should be. */
const [recorded] = etcdUsers().steps(etcdUsers().desired);
const recordUsers = recorded !== undefined && 'run' in recorded ? recorded.run : '';

const files: readonly Step[] = [
  { shape: shape`rm -rf -- ${word}`, act: once(({ disk }, path = '') => disk.remove(path)) },
  { shape: shape`mkdir -p ${word}`, act: once(({ disk }, path = '') => disk.makeDirectory(path)) },
  {
    shape: shape`install -d -m ${word} -o ${word} -g ${word} ${word}`,
    act: once(({ disk, users }, mode = '', user = '', group = '', path = '') => {
      if (!users.has(user)) throw new Refusal(1, `install: invalid user: ${user}`);
      disk.makeDirectory(path);
      disk.setRights(path, { mode: Number.parseInt(mode, 8), owner: `${user}:${group}` });
    }),
  },
  {
    shape: shape`chown root:root ${word}`,
    act: once(({ disk }, path = '') => disk.setRights(path, { owner: 'root:root' })),
  },
  {
    shape: shape`chmod ${word} ${word}`,
    act: once(({ disk }, mode = '', path = '') => disk.setRights(path, { mode: Number.parseInt(mode, 8) })),
  },
  {
    shape: shape`echo "$(stat -c '%i:%s:%.Y:%.Z' -- ${word}) ${word}" > ${word}`,
    act: once(({ disk }, path = '', sha256 = '', record = '') =>
      disk.overwrite(record, `${disk.identity(path)} ${sha256}\n`),
    ),
  },
  {
    shape: shape`touch ${word}
[ "$(grep -cx ${word} ${word})" = "$(grep -cx ${word} ${word})" ] || { echo ${word} >&2; exit 1; }
copy=$(mktemp ${word})
sed -e ${word} -e '$a\\' ${word} > "$copy"
printf '%s\n' ${words} >> "$copy"
chmod --reference=${word} "$copy"
chown --reference=${word} "$copy"
sync "$copy"
mv "$copy" ${word}`,
    act: once(({ disk }, ...found) => {
      const [path = '', begin = '', , end = '', , message = '', , , , lines = ''] = found;
      const count = (mark: string): number =>
        disk.text(path).match(new RegExp(`^${mark}$`, 'gm'))?.length ?? 0;
      if (count(begin) !== count(end)) throw new Refusal(1, message);
      disk.overwrite(path, withBlock(disk.text(path), wordsOf(lines)));
    }),
  },
];

const setSysctl = once(({ kernel }, setting = '') => {
  const [key = '', value = ''] = setting.split('=');
  if (!kernel.sysctls.has(key)) throw new Refusal(255, `sysctl: cannot stat /proc/sys/${key}`);
  kernel.sysctls.set(key, value);
});

const host: readonly Step[] = [
  {
    shape: shape`[ -e ${word} ] || sysctl -n ${word} > ${word} || rm ${word}`,
    act: once(({ disk, kernel }, record = '', key = '') => {
      if (!disk.has(record)) disk.overwrite(record, `${kernel.sysctls.get(key) ?? ''}\n`);
    }),
  },
  { shape: shape`sysctl -q -w ${word}`, act: setSysctl },
  {
    shape: shape`sysctl -q -w ${word} && exit 0
echo ${word} >&2
exit 1`,
    act: setSysctl,
  },
  { shape: shape`hostname ${word}`, act: once(({ kernel }, name = '') => void (kernel.hostname = name)) },
  {
    shape: shape`modprobe -a overlay br_netfilter`,
    act: once(({ kernel }) => kernel.load('overlay', 'br_netfilter')),
  },
  { shape: shape`swapoff -a`, act: once(({ kernel }) => void (kernel.swap = false)) },
  {
    shape: shape`sed -i -E ${"'s/^([^#].*[[:space:]]swap[[:space:]].*)$/# hardway: \\1/'"} /etc/fstab`,
    act: once(({ disk }) =>
      disk.overwrite(
        '/etc/fstab',
        disk.text('/etc/fstab').replaceAll(/^([^#].*\sswap\s.*)$/gm, '# hardway: $1'),
      ),
    ),
  },
  {
    shape: like(installation('PACKAGE'), { PACKAGE: word }),
    act: once(({ packages }, name = '') => void packages.add(name)),
  },
  {
    shape: shape`useradd --system --home-dir /var/lib/etcd --no-create-home --shell /usr/sbin/nologin etcd`,
    act: once(({ users }) => void users.add('etcd')),
  },
];

const services: readonly Step[] = [
  { shape: shape`systemctl daemon-reload`, act: once(({ systemd }) => systemd.reload()) },
  {
    shape: shape`systemctl enable --quiet --no-reload ${word}`,
    act: once(({ systemd }, id = '') => systemd.enable(id)),
  },
  {
    shape: shape`systemctl try-restart --no-block ${word} 2>/dev/null || true`,
    act: once(({ systemd }, name = '') => {
      if (systemd.isActive(`${name}.service`) || systemd.isTried(`${name}.service`))
        systemd.restart(`${name}.service`);
    }),
  },
  {
    shape: shape`systemctl stop kubelet
[ ! -e /etc/kubernetes/kubelet.conf ] || sed -i ${word} /etc/kubernetes/kubelet.conf
systemctl start kubelet`,
    act: (machine, expression = '') => {
      const { cluster, disk, systemd } = machine;
      const conf = '/etc/kubernetes/kubelet.conf';
      const line = /\\1 (\S+)\|$/.exec(expression)?.[1] ?? '';
      cluster.effect(machine, () => systemd.stop('kubelet.service'));
      cluster.effect(machine, () => {
        if (disk.has(conf)) disk.overwrite(conf, disk.text(conf).replace(/^( *server:).*$/m, `$1 ${line}`));
      });
      cluster.effect(machine, () => systemd.start('kubelet.service'));
    },
  },
  {
    shape: shape`systemctl restart kubelet`,
    act: once(({ systemd }) => systemd.restart('kubelet.service')),
  },
  {
    shape: shape`rm -f ${word}
systemctl reset-failed ${word} 2>/dev/null || true
systemctl restart --no-block ${word}
tries=0
until [ -e ${word} ] && systemctl show --property=MainPID ${word} | grep -qv '=0$'; do
  tries=$((tries + 1))
  if [ $tries -gt 1800 ]; then echo ${word}; systemctl status --no-pager --lines=10 ${word}; exit 1; fi
  sleep 0.05
done`,
    act: (machine, record = '', id = '') => {
      const { cluster, disk, systemd } = machine;
      cluster.effect(machine, () => disk.remove(record));
      cluster.effect(machine, () => systemd.restart(id));
      if (disk.has(`${STARTED}/${id}`) && systemd.process(id) !== null) return;
      throw new Refusal(1, `${id} did not begin to start within 90 s`);
    },
  },
  {
    shape: shape`systemctl disable --now --quiet ${word}

rm -f ${word}
systemctl daemon-reload`,
    act: (machine, name = '', path = '') => {
      const { cluster, disk, systemd } = machine;
      cluster.effect(machine, () => {
        systemd.stop(`${name}.service`);
        systemd.disable(`${name}.service`);
      });
      cluster.effect(machine, () => {
        disk.remove(path);
        systemd.reload();
      });
    },
  },
  {
    shape: shape`/usr/local/bin/ctr --namespace k8s.io images import ${word}`,
    act: once((machine, archive = '') => {
      const reference = machine.cluster.archives.get(machine.disk.get(archive)?.sha256 ?? '');
      const ready = machine.canRun('/usr/local/bin/ctr') && machine.isActive('containerd');
      if (!ready || reference === undefined) throw new Refusal(1, `ctr: cannot import ${archive}`);
      machine.images.set(reference, machine.disk.get(archive)?.sha256 ?? '');
    }),
  },
  {
    shape: shape`/usr/local/bin/ctr --namespace k8s.io images label ${word} ${word} >/dev/null`,
    act: once(({ images }, reference = '') => {
      if (!images.has(reference)) throw new Refusal(1, `ctr: image "${reference}": not found`);
    }),
  },
  {
    shape: shape`echo ${word} > ${IMPORTED}/${word}`,
    act: once(({ disk }, sha256 = '', name = '') => disk.overwrite(`${IMPORTED}/${name}`, `${sha256}\n`)),
  },
];

const etcd: readonly Step[] = [
  {
    shape: shape`for name in root ${words}; do
  { ${CTL} user get "$name" || ${CTL} user add "$name" --no-password; } >/dev/null 2>&1 &
  { ${CTL} role get "$name" || ${CTL} role add "$name"; } >/dev/null 2>&1 &
done
wait`,
    act: (machine, names = '') => {
      for (const name of ['root', ...wordsOf(names)]) {
        machine.cluster.effect(machine, () => {
          const data = etcdHere(machine);
          if (data && !data.users.has(name)) data.users.set(name, new Set());
          if (data && !data.roles.has(name)) data.roles.set(name, new Map());
        });
      }
    },
  },
  {
    shape: shape`for name in root ${words}; do ${CTL} user grant-role "$name" "$name" >/dev/null & done
wait`,
    act: (machine, names = '') => {
      for (const name of ['root', ...wordsOf(names)])
        machine.cluster.effect(machine, () => grantRole(etcdOf(machine), name, name));
    },
  },
  {
    shape: shape`${CTL} role grant-permission ${word} ${word} ${word} ${text} >/dev/null`,
    act: once((machine, role = '', type = '', key = '', prefix = '') =>
      grantPermission(etcdOf(machine), role, { type, key, prefix: prefix === "'--prefix=true'" }),
    ),
  },
  {
    shape: like(recordUsers),
    act: once((machine) => machine.disk.overwrite(ETCD_RECORD, accessRevision(etcdOf(machine)))),
  },
  {
    shape: shape`${CTL} auth enable >/dev/null`,
    act: once((machine) => enableAuthentication(etcdOf(machine))),
  },
  {
    shape: shape`${CTL} put ${word} ${word} >/dev/null`,
    act: once((machine, key = '', value = '') => void etcdOf(machine).keys.set(key, value)),
  },
  {
    shape: shape`${CTL} del ${word} >/dev/null`,
    act: once((machine, key = '') => void etcdOf(machine).keys.delete(key)),
  },
];

/** Every step of the recipe, by what it looks like: a new kind is one more row. */
export const steps: readonly Step[] = [
  ...files,
  ...host,
  ...services,
  ...etcd,
  ...kubectlSteps,
  ...podSteps,
  ...removalSteps,
];
