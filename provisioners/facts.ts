import { type Script, sh, verbatim } from '../src/connection/quote.ts';
import { MachineError } from '../src/errors.ts';
import type { Cluster, Node } from '../src/cluster/model.ts';
import { refuseClocks } from './clocks.ts';
import { type EtcdFacts, etcdFactsScript, parseEtcdFacts } from './etcd-members.ts';
import { FOUNDING } from './founding.ts';
import { type Listener, listenersScript, parseListeners } from './ports.ts';
import { parsePodRoutes, POD_ROUTES, type PodRoute } from './pod-routes.ts';
import { certificateIn, printCertificate } from './printed-certificate.ts';
import { isNode } from './scope.ts';

/** What kind of machine this is; detected, adapted to and named, never assumed. */
export interface Facts {
  readonly os: string;
  readonly architecture: string;
  readonly init: string;
  /** 2 only for a pure v2 hierarchy; hybrid counts as 1, as it does for the kubelet. */
  readonly cgroup: 1 | 2;
  /** Shares the host's kernel: its kernel-wide sysctls, modules and swap are the host's. */
  readonly container: boolean;
  /** May lower oom scores and raise limits (CAP_SYS_RESOURCE). */
  readonly mayRaiseLimits: boolean;
  readonly bridgeFilter: boolean;
  readonly swap: boolean;
  /** Its kernel can mount NFS exports. */
  readonly nfs: boolean;
  /** IPv4 addresses with prefix, by NIC, and how many bytes a packet there may have. */
  readonly nics: readonly { readonly name: string; readonly address: string; readonly mtu: number }[];
  readonly machineId: string;
  /** Seconds since 1970 by the machine's clock. */
  readonly time: number;
  /** MiB free below /var. */
  readonly freeDisk: number;
  readonly missingTools: readonly string[];
  /** A container runtime that somebody else installed; empty: none. */
  readonly foreignRuntime: string;
  /** The kubelet's client certificate as printed; empty: it has none yet. */
  readonly kubelet: string;
  /** SHA-256 fingerprint of the cluster CA it trusts already; empty: none. */
  readonly authority: string;
  /** File that names a name server other than this machine itself; empty: none does. */
  readonly resolvConf: string;
  /** What this machine's cluster was made with, `key=value`; empty: it is in none. */
  readonly founding: readonly string[];
  /** Whose pods are where, as it was told last; empty: it keeps no routes. */
  readonly podRoutes: readonly PodRoute[];
  /** Its kernel knows WireGuard. */
  readonly wireguard: boolean;
  /** What listens there and was not started by Hardway. */
  readonly listeners: readonly Listener[];
  /** Versions that Hardway's units run, by program. */
  readonly runs: Readonly<Record<string, string>>;
  readonly etcd: EtcdFacts;
  /** Its controllers act only when they are elected. */
  readonly electing: boolean;
  /** How its API server is run; both while that is being changed, none before there is one. */
  readonly styles: readonly string[];
}

/** Tools of the distribution that Kubernetes calls, with the Debian package that brings each. */
export const tools: Readonly<Record<string, string>> = {
  nft: 'nftables',
  // nft names protocols by it; kube-proxy does not know its own rules by their numbers.
  '/etc/protocols': 'netbase',
  iptables: 'iptables',
  conntrack: 'conntrack',
  ip: 'iproute2',
  mount: 'mount',
  nsenter: 'util-linux',
  openssl: 'openssl',
  sysctl: 'procps',
};

/** First line of a unit of ours, see program.ts. */
const RUNS = '1s/^# Runs \\([^ ]*\\) \\([^ ,]*\\),.*/runs=\\1 \\2/p';

/** Stands in for a resolv.conf that names nobody but the machine itself, see phases/kubelet.ts. */
export const NO_RESOLVER = '/etc/kubernetes/resolv.conf';

export const factsScript: Script = sh`PATH=$PATH:/usr/sbin:/sbin
. /etc/os-release
echo "os=$ID $VERSION_ID"
echo "architecture=$(uname -m)"
read -r init </proc/1/comm; echo "init=$init"
echo "cgroup=$(stat -fc %T /sys/fs/cgroup)"
echo "container=$(systemd-detect-virt --container 2>/dev/null)"
while read -r key value; do [ "$key" = CapBnd: ] && echo "capabilities=$value"; done </proc/self/status
[ -d /proc/sys/net/bridge ] && echo bridge=/proc/sys/net/bridge
grep -qw nfs4 /proc/filesystems && echo nfs=here || { [ "$(systemd-detect-virt --container)" = none ] && modinfo -F name nfsv4; } 2>/dev/null | sed 's/^/nfs=/'
while read -r name _; do [ "$name" = Filename ] || echo "swap=1"; done </proc/swaps
ip -o -4 address show | while read -r _ nic _ address _; do read -r mtu </sys/class/net/$nic/mtu; echo "nic=$nic $address $mtu"; done
read -r id </etc/machine-id && echo "machine-id=$id"
echo "time=$(date +%s)"
df -Pm /var | { read -r _; read -r _ _ _ free _; echo "disk=$free"; }
for runtime in /usr/bin/containerd /usr/bin/dockerd /usr/bin/podman /usr/bin/crio; do [ -e $runtime ] && echo "runtime=$runtime"; done
for tool in ${Object.keys(tools)}; do command -v "$tool" >/dev/null || [ -e "$tool" ] || echo "missing=$tool"; done
[ -e /etc/kubernetes/kubelet.conf ] && echo "kubelet="$(${verbatim(printCertificate('/var/lib/kubelet/pki/kubelet-client-current.pem'))})
echo "ca="$(${verbatim(printCertificate('/etc/kubernetes/pki/ca.crt'))})
[ -e ${FOUNDING} ] && sed 's/^/founding=/' ${FOUNDING}
[ -e ${POD_ROUTES} ] && sed 's/^/pods=/' ${POD_ROUTES}
{ [ -d /sys/module/wireguard ] || modprobe -n -q wireguard; } 2>/dev/null && echo wireguard=1
for file in /run/systemd/resolve/resolv.conf /etc/resolv.conf; do
  [ -e $file ] || continue
  names=nobody
  while read -r key server rest; do
    case "$key $server" in
      'nameserver 127.'* | 'nameserver 0.0.0.0' | 'nameserver ::1') names=itself ;;
      'nameserver '?*) names=others; break ;;
    esac
  done < $file
  [ $names = others ] && echo "resolv=$file" && break
done
# A machine that has just booted may still be told by DHCP whom to ask.
[ "$names" = nobody ] && [ ! -e ${NO_RESOLVER} ] && [ $(( $(date +%s) - $(stat -c %Y /proc/1) )) -lt 60 ] && echo resolv=/etc/resolv.conf
[ -e /etc/systemd/system/kube-apiserver.service ] && echo style=systemd
[ -e /etc/kubernetes/manifests/kube-apiserver.yaml ] && echo style=static-pods
cd /etc/systemd/system && sed -s -n ${RUNS} etcd.service kube-apiserver.service kubelet.service /etc/kubernetes/manifests/kube-apiserver.yaml 2>/dev/null
grep -qs -- '--leader-elect=true' kube-controller-manager.service /etc/kubernetes/manifests/kube-controller-manager.yaml && echo electing=yes
${verbatim(etcdFactsScript)}
${verbatim(listenersScript)}
true`;

const CAP_SYS_RESOURCE = 24n;

/** Reads what the script printed. */
export function parseFacts(output: string): Facts {
  const all = (key: string): string[] =>
    output
      .split('\n')
      .filter((line) => line.startsWith(`${key}=`))
      .map((line) => line.slice(key.length + 1));
  const one = (key: string): string => all(key)[0] ?? '';
  const container = one('container');
  return {
    os: one('os'),
    architecture: one('architecture'),
    init: one('init'),
    cgroup: one('cgroup') === 'cgroup2fs' ? 2 : 1,
    container: container !== '' && container !== 'none',
    mayRaiseLimits: ((BigInt(`0x${one('capabilities') || '0'}`) >> CAP_SYS_RESOURCE) & 1n) === 1n,
    bridgeFilter: one('bridge') !== '',
    swap: Number(one('swap')) > 0,
    nfs: one('nfs') !== '',
    nics: all('nic').map((nic) => {
      const [name = '', address = '', mtu = ETHERNET] = nic.split(' ');
      return { name, address, mtu: Number(mtu) };
    }),
    machineId: one('machine-id'),
    time: Number(one('time')),
    freeDisk: Number(one('disk')),
    missingTools: all('missing'),
    foreignRuntime: one('runtime'),
    kubelet: one('kubelet'),
    authority: certificateIn(one('ca'))?.fingerprint256 ?? '',
    resolvConf: one('resolv'),
    founding: all('founding'),
    podRoutes: parsePodRoutes(all('pods')),
    wireguard: one('wireguard') !== '',
    listeners: parseListeners(all('listens')),
    runs: Object.fromEntries(all('runs').map((text) => [text.split(' ')[0], text.split(' ')[1]])),
    electing: one('electing') === 'yes',
    etcd: parseEtcdFacts(all('etcd'), all('member')),
    styles: all('style'),
  };
}

/** Bytes of a packet, where nothing else is known. */
const ETHERNET = '1500';

/** Bytes that a packet may have between this machine and the others. */
export const mtuOf = (node: Node, { nics }: Facts): number =>
  nics.find(({ address }) => address.split('/')[0] === node.address)?.mtu ?? Number(ETHERNET);

const ARCHITECTURES: Readonly<Record<string, string>> = { x86_64: 'amd64', aarch64: 'arm64' };

/** Refuses, before anything is touched, machines that cannot serve. */
export function preflight(machines: ReadonlyMap<string, Facts>, cluster: Cluster): void {
  const ids = new Map<string, string>();
  for (const node of cluster.nodes) {
    const facts = machines.get(node.name);
    if (facts === undefined) continue;
    refuseUnfit(node, facts);
    if (isNode(cluster, node)) refuseOpenBridge(cluster, node, facts);
    const twin = ids.get(facts.machineId);
    if (twin !== undefined) {
      throw new MachineError(node.name, `has the same machine id as ${twin}: one is a copy of the other`, {
        remedy: 'On one of them: rm /etc/machine-id; systemd-machine-id-setup; reboot.',
      });
    }
    ids.set(facts.machineId, node.name);
  }
  refuseClocks(new Map([...machines].map(([name, { time }]) => [name, time])));
}

function refuseUnfit(node: Node, facts: Facts): void {
  const fail = (message: string, remedy: string): never => {
    throw new MachineError(node.name, message, { remedy });
  };
  if (facts.init !== 'systemd')
    fail(`runs ${facts.init} as init; systemd is needed`, 'Use a systemd distribution.');
  if (ARCHITECTURES[facts.architecture] !== 'amd64') {
    fail(`is ${facts.architecture}; the artefacts are for x86_64`, 'Use an x86_64 machine.');
  }
  if (facts.foreignRuntime !== '') {
    fail(
      `has a container runtime of its own (${facts.foreignRuntime}); Hardway would take its place`,
      'Use a machine without one, or remove its package there.',
    );
  }
  nicOf(node, facts);
}

/** Pods of one node would reach each other past all policies. A machine with a kernel of its own loads what it needs. */
function refuseOpenBridge({ addons }: Cluster, { name }: Node, { container, bridgeFilter }: Facts): void {
  if ('network-policy' in addons && container && !bridgeFilter)
    throw new MachineError(
      name,
      'is a container whose host has not loaded br_netfilter: no policy would hold',
      {
        remedy: 'On the host: modprobe br_netfilter. Or network.policy false.',
      },
    );
}

/** The NIC that carries the node's address; the NAT NIC never does. */
export function nicOf(node: Node, facts: Facts): string {
  const nic = facts.nics.find(({ address }) => address.split('/')[0] === node.address);
  if (nic === undefined || (node.interface !== null && nic.name !== node.interface)) {
    const there = facts.nics.map(({ name, address }) => `${name} ${address}`).join(', ');
    throw new MachineError(
      node.name,
      `no NIC${node.interface === null ? '' : ` ${node.interface}`} carries ${node.address}; there are ${there}`,
      { remedy: 'Correct address or interface of this node in cluster.json.' },
    );
  }
  return nic.name;
}
