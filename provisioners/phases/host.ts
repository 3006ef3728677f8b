import type { Resource } from '../../src/engine/resource.ts';
import type { Phase } from '../../src/engine/phase.ts';
import { type Script, sh, verbatim } from '../../src/connection/quote.ts';
import { block } from '../../src/resources/block.ts';
import { command } from '../../src/resources/command.ts';
import { directory, file } from '../../src/resources/file.ts';
import { startRecorder } from '../../src/resources/service.ts';
import { sysctl } from '../../src/resources/sysctl.ts';
import { apiLine } from '../endpoint.ts';
import { tools } from '../facts.ts';
import { FOUNDING, founding } from '../founding.ts';
import { hostName } from '../host-name.ts';
import { login } from '../login.ts';
import { DISABLED, MASKED } from '../removal.ts';
import { namesOf, type Scope } from '../scope.ts';
import type { Cluster } from '../../src/cluster/model.ts';

/** Name, hosts, tools, forwarding: what every machine needs before anything of Kubernetes. */
export function host(cluster: Cluster): Phase<Scope> {
  const names = hosts(cluster);
  return {
    name: 'host',
    title: 'Prepare the machines',
    docs: 'https://kubernetes.io/docs/setup/production-environment/container-runtimes/',
    on: namesOf(cluster.nodes),
    stages: [{ title: 'names, tools, kernel settings', resources: (scope) => hostResources(scope, names) }],
  };
}

function hostResources(scope: Scope, names: Resource): Resource[] {
  const { facts, node } = scope;
  return [
    ...facts.missingTools.map((tool) => debianPackage(tools[tool] ?? tool)),
    ...(scope.cluster.host.nfsClient ? [debianPackage('nfs-common')] : []),
    ...ownName(hostName(node)),
    names,
    ...(node.roles.includes('master') ? [apiLine(scope.cluster, node)] : []),
    ...kernel(scope),
    directory('/var/lib/hardway', { mode: 0o755 }),
    directory('/etc/kubernetes', { mode: 0o755 }),
    file(FOUNDING, founding(scope.cluster, node), {
      why: 'What a standing cluster cannot change; a run that asks for it is refused.',
    }),
    startRecorder(),
    login(scope),
  ];
}

const debianPackage = (name: string): Resource => ({
  id: `package:${name}`,
  desired: { status: 'installed' },
  question: command(sh`dpkg-query -W -f '\${db:Status-Status}' ${name} 2>/dev/null; true`, (status) =>
    status === '' ? null : { status },
  ),
  steps: () => [{ run: installation(name) }],
});

export const installation = (name: string): Script => sh`export DEBIAN_FRONTEND=noninteractive
command -v apt-get >/dev/null || { echo "there is no apt-get here: install "${name}" by hand, then run again" >&2; exit 1; }
apt-get -q -o DPkg::Lock::Timeout=120 update
apt-get -q -o DPkg::Lock::Timeout=120 install -y --no-install-recommends ${name} || {
  echo "apt-get here cannot install "${name}": make its package sources reachable, or install it by hand, then run again" >&2
  exit 1
}`;

const ownName = (name: string | null): Resource[] =>
  name === null
    ? []
    : [
        file('/etc/hostname', `${name}\n`, { why: 'The node registers under this name.' }),
        runningHostname(name),
      ];

const runningHostname = (name: string): Resource => ({
  id: 'hostname:running',
  desired: { name },
  question: command(sh`uname -n`, (output) => ({ name: output })),
  steps: () => [{ run: sh`hostname ${name}` }],
});

/** Every machine by name, so that nothing depends on a resolver; the same lines on all of them. */
const hosts = ({ nodes, name: domain }: Cluster): Resource =>
  block(
    '/etc/hosts',
    nodes.flatMap((node) => {
      const name = hostName(node);
      return name === null ? [] : [`${node.address} ${name}.${domain} ${name}`];
    }),
  );

/** What a kubelet that protects the kernel's defaults insists on. */
const PROTECTED: Readonly<Record<string, string>> = {
  'vm.overcommit_memory': '1',
  'vm.panic_on_oom': '0',
  'kernel.panic': '10',
  'kernel.panic_on_oops': '1',
  'kernel.keys.root_maxkeys': '1000000',
  'kernel.keys.root_maxbytes': '25000000',
};

function kernel({ facts, cluster }: Scope): Resource[] {
  const settings: Record<string, string> = { 'net.ipv4.ip_forward': '1' };
  if (facts.bridgeFilter || !facts.container) {
    settings['net.bridge.bridge-nf-call-iptables'] = '1';
    settings['net.bridge.bridge-nf-call-ip6tables'] = '1';
  }
  if (cluster.security.profile === 'hardened' && !facts.container) Object.assign(settings, PROTECTED);
  const lines = Object.entries(settings).map(([key, value]) => `${key} = ${value}\n`);
  return [
    ...(facts.container
      ? []
      : [modulesFile(), ...(facts.bridgeFilter ? [] : [loadedModules()]), noSwap(), noSwapUnits()]),
    file('/etc/sysctl.d/90-hardway.conf', lines.join(''), {
      why: 'Pods on different machines reach each other through this one.',
    }),
    ...Object.entries(settings).map(([key, value]) => sysctl(key, value)),
  ];
}

const modulesFile = (): Resource => file('/etc/modules-load.d/hardway.conf', 'overlay\nbr_netfilter\n');

/** Built in counts as loaded: the feature is looked at, not the list of modules. */
const loadedModules = (): Resource => ({
  id: 'kernel:features',
  desired: { overlay: true, br_netfilter: true },
  question: command(
    sh`grep -q overlay /proc/filesystems && echo overlay; [ -d /proc/sys/net/bridge ] && echo br_netfilter; true`,
    (output) => ({ overlay: output.includes('overlay'), br_netfilter: output.includes('br_netfilter') }),
  ),
  steps: () => [{ run: sh`modprobe -a overlay br_netfilter` }],
});

const noSwap = (): Resource => ({
  id: 'host:swap',
  desired: { active: 0, 'in fstab': 0 },
  question: command(
    sh`sed 1d /proc/swaps | wc -l; grep -cE '^[^#].*[[:space:]]swap[[:space:]]' /etc/fstab || true`,
    (output) => ({ active: Number(output.split('\n')[0]), 'in fstab': Number(output.split('\n')[1] ?? 0) }),
  ),
  steps: () => [
    { run: sh`swapoff -a` },
    { run: sh`sed -i -E ${'s/^([^#].*[[:space:]]swap[[:space:]].*)$/# hardway: \\1/'} /etc/fstab` },
  ],
});

/** Swap that systemd starts without fstab: from a unit, a partition it recognises, compressed memory. */
export const noSwapUnits = (): Resource => ({
  id: 'host:swap-units',
  desired: { starting: 0 },
  question: command(sh`${verbatim(swapUnits)} | wc -l`, (output) => ({ starting: Number(output) })),
  steps: () => [
    {
      run: sh`systemctl daemon-reload
mkdir -p /var/lib/hardway
for unit in $(${verbatim(swapUnits)}); do
  # The administrator's own file stands where the mask would.
  case $(systemctl show --property=FragmentPath --value "$unit") in
  /etc/systemd/system/*)
    echo "$unit" >> ${DISABLED}
    systemctl disable --quiet --now "$unit";;
  *)
    echo "$unit" >> ${MASKED}
    systemctl mask --quiet --now "$unit";;
  esac
done`,
    },
  ],
});

/** Those that fstab names are made from it, and go with it. */
const swapUnits = sh`systemctl list-unit-files --type=swap --no-legend --plain 2>/dev/null | while read -r unit state _; do
  case $state in enabled|generated) ;; *) continue;; esac
  grep -q '^SourcePath=/etc/fstab$' "/run/systemd/generator/$unit" 2>/dev/null || echo "$unit"
done`;
