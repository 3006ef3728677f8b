import { noOtherTrust } from '../../provisioners/addons/registry/machines.ts';
import { noSwapUnits } from '../../provisioners/phases/host.ts';
import { openRequests } from '../../provisioners/kubelet-requests.ts';
import { sh } from '../../src/connection/quote.ts';
import { etcdctl } from '../../provisioners/etcdctl.ts';
import { etcdKey, etcdUsers, flannelLease } from '../../provisioners/resources/etcd-access.ts';
import { kubectl } from '../../provisioners/resources/manifest.ts';
import { registration } from '../../provisioners/resources/registration.ts';
import { nodeNamed } from './api.ts';
import { apiAt, asAdministrator, may, serverIn } from './door.ts';
import { accessRevision, authenticationJson, type EtcdData, roleJson, userJson } from './etcd.ts';
import { blockIn, nameIn } from './hosts.ts';
import { printCertificate } from '../../provisioners/printed-certificate.ts';
import { certificateOf, isValid, printed } from './kubelet.ts';
import type { ModelMachine } from './machine.ts';
import { requestLines } from './requests.ts';
import { callsIn, type Known, like, remembering, shape, word, words } from './shape.ts';

/** etcd as etcdctl reaches it here; null: nobody answers. */
export function etcdHere(machine: ModelMachine): EtcdData | null {
  const pki = ['ca.crt', 'root.crt', 'root.key'].map((name) => `/etc/etcd/pki/${name}`);
  const ready = machine.canRun('/usr/local/bin/etcdctl') && pki.every((path) => machine.disk.sound(path));
  return ready && machine.isActive('etcd') ? machine.cluster.etcd() : null;
}

/** As `unlessDatabase` finds it. */
export const hasNothing = ({ disk }: ModelMachine): boolean =>
  !disk.has('/var/lib/etcd/member') && !disk.has('/etc/kubernetes/admin.conf');

/** How the product calls the two programs. */
export const CTL = sh`${etcdctl}`;
export const KUBECTL = sh`${kubectl}`;

const CLIENT = certificateOf('client');

type Row = Known<ModelMachine, string>;

/** The questions that share nothing with others: what each looks like, and what it prints here. */
const table: readonly Row[] = [
  {
    shape: shape`getent passwd etcd | cut -d: -f7`,
    act: ({ users }) => (users.has('etcd') ? '/usr/sbin/nologin\n' : ''),
  },
  { shape: shape`uname -n`, act: ({ kernel }) => `${kernel.hostname}\n` },
  {
    shape: shape`dpkg-query -W -f '\${db:Status-Status}' ${word} 2>/dev/null; true`,
    act: ({ packages }, name = '') => (packages.has(name) ? 'installed' : ''),
  },
  {
    shape: shape`grep -q overlay /proc/filesystems && echo overlay; [ -d /proc/sys/net/bridge ] && echo br_netfilter; true`,
    act: ({ kernel }) => [...kernel.modules].map((name) => `${name}\n`).join(''),
  },
  {
    shape: shape`sed 1d /proc/swaps | wc -l; grep -cE '^[^#].*[[:space:]]swap[[:space:]]' /etc/fstab || true`,
    act: ({ kernel, disk }) =>
      `${kernel.swap ? 1 : 0}\n${
        disk
          .text('/etc/fstab')
          .split('\n')
          .filter((line) => /^[^#].*\sswap\s/.test(line)).length
      }\n`,
  },
  { shape: like(noSwapUnits().question.ask), act: () => '0\n' },
  {
    shape: shape`sed -n ${word} ${word} 2>/dev/null | sed '1d;$d' | sha256sum | cut -c1-64`,
    act: ({ disk }, marks = '', path = '') => `${blockIn(disk.text(path), nameIn(marks))}\n`,
  },
  ...['client', 'server'].map((usage): Row => ({
    shape: shape`[ -e /etc/kubernetes/kubelet.conf ] && ${printCertificate(certificateOf(usage))}; true`,
    act: ({ disk }) =>
      disk.has('/etc/kubernetes/kubelet.conf') ? `${printed(disk.text(certificateOf(usage)))}\n` : '',
  })),
  {
    shape: shape`[ -e ${word} ] && echo there; true`,
    act: ({ disk }, path = '') => (disk.has(path) ? 'there\n' : ''),
  },
  {
    shape: shape`[ -s ${word} ] && echo there; true`,
    act: ({ disk }, path = '') => ((disk.get(path)?.size ?? 0) > 0 ? 'there\n' : ''),
  },
  {
    shape: like(openRequests.question.ask),
    act: (machine) => {
      if (hasNothing(machine)) return 'answered\n';
      const api = may(() => asAdministrator(machine));
      return api === null ? '' : `${requestLines(api)}answered\n`;
    },
  },
  {
    // Here a service runs as soon as it is started.
    shape: shape`(left=$(systemctl list-units --plain --no-legend --state=start-pre,start,start-post ${words})
[ -z "$left" ] && exit 0
echo $(echo "$left" | cut -d ' ' -f 1)
exit 1) >/dev/null 2>&1 && echo yes; true`,
    act: () => 'yes\n',
  },
  {
    // Registries are for clusters with that add-on; the model has none.
    shape: like(noOtherTrust([]).question.ask),
    act: ({ disk }) => (disk.below('/etc/containerd/certs.d').length === 0 ? '' : 'somebody\n'),
  },
  { shape: like(etcdUsers().question.ask), act: (machine) => users(etcdHere(machine), machine) },
  {
    shape: like(etcdKey('HOLE', '').question.ask, { HOLE: word }),
    act: (machine, key = '') => {
      if (hasNothing(machine)) return 'answered\n';
      const etcd = etcdHere(machine);
      return etcd === null ? '' : `${etcd.keys.has(key) ? `${etcd.keys.get(key)}\n` : ''}answered\n`;
    },
  },
  {
    shape: like(flannelLease('', '').question.ask),
    act: (machine) => {
      const etcd = etcdHere(machine);
      if (etcd === null) return '';
      const leases = [...etcd.keys].filter(([key]) => key.startsWith('/coreos.com/network/subnets'));
      return `${leases.map(([key, value]) => `${key}\n${value}\n`).join('')}answered\n`;
    },
  },
  {
    shape: like(
      registration('HOLE', 0, true).question.ask.replaceAll('spec.nodeName=HOLE', 'spec.nodeName=NAME'),
      {
        HOLE: word,
        "'spec.nodeName=NAME'": word,
      },
    ),
    act: (machine, name = '') => {
      const api = may(() => asAdministrator(machine));
      if (api === null) return '';
      return `${api.get(nodeNamed(name)) ? `node/${name}\n` : ''}answered\n`;
    },
  },
  {
    shape: shape`[ -e /var/lib/kubelet/pki/kubelet-client-current.pem ] || { echo new; exit 0; }
printf 'GET /api/v1/nodes/%s HTTP/1.0\\r\\n\\r\\n' ${word} |
  timeout 5 openssl s_client -quiet -verify_return_error -CAfile /etc/kubernetes/pki/ca.crt -verify_hostname ${word} -cert ${CLIENT} -key ${CLIENT} -connect ${word} 2>/dev/null | head -n 1`,
    act: (machine, name = '', _ = '', server = '') => {
      if (!machine.disk.has(CLIENT)) return 'new\n';
      const mayAsk = isValid(machine, 'client') && machine.disk.sound('/etc/kubernetes/pki/ca.crt');
      const api = mayAsk ? apiAt(machine, `https://${server}`) : null;
      return api === null ? '' : `HTTP/1.0 ${api.get(nodeNamed(name)) ? '200 OK' : '404 Not Found'}\n`;
    },
  },
  {
    shape: shape`sed -n 's/^ *server: *//p' /etc/kubernetes/kubelet.conf 2>/dev/null; true`,
    act: (machine) => `${serverIn(machine, '/etc/kubernetes/kubelet.conf')}\n`,
  },
  {
    shape: shape`nproc
awk '/^MemTotal/ { print int($2 / 1024) }' /proc/meminfo
cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/memory.max 2>/dev/null
true`,
    act: ({ hardware: { cpus, memory } }) => `${cpus}\n${memory}\n`,
  },
  {
    shape: shape`[ -d /var/lib/hardway ] && echo prepared; true`,
    act: ({ disk }) => (disk.has('/var/lib/hardway') ? 'prepared\n' : ''),
  },
];

export const ETCD_RECORD = '/var/lib/hardway/etcd-access';

function users(etcd: EtcdData | null, machine: ModelMachine): string {
  if (hasNothing(machine)) return 'answered\n';
  if (etcd === null) return '';
  const names = ['kube-apiserver-etcd-client', 'flannel'];
  const isRecorded = machine.disk.text(ETCD_RECORD) === accessRevision(etcd);
  return [
    'answered',
    `auth||${authenticationJson(etcd)}`,
    ...(isRecorded ? ['recorded'] : []),
    ...['root', ...names].map((name) => `user|${name}|${userJson(etcd, name)}`),
    ...names.map((name) => `role|${name}|${roleJson(etcd, name)}`),
    '',
  ].join('\n');
}

const understood = remembering((ask) => callsIn('question', table, ask));

export const commandAnswer = (machine: ModelMachine, ask: string): string =>
  understood(ask)
    .map((call) => call.make(machine))
    .join('');
