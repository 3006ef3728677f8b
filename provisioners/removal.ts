import { type Script, sh, verbatim } from '../src/connection/quote.ts';
import { BALANCER, KEEPER } from './endpoint.ts';
import { allChains, clear, KUBELETS } from './iptables-chains.ts';
import { KUBE_VIP_POD } from './kube-vip.ts';
import { LOGIN } from './login.ts';

const services = [
  // Callers of the API go elsewhere before it ends.
  KEEPER,
  ...['kube-proxy', 'kubelet', 'kube-scheduler', 'kube-controller-manager', 'kube-apiserver'],
  ...['hardway-watchdog', 'hardway-approver'],
  ...['flanneld', 'hardway-routes', 'etcd', 'containerd', BALANCER],
];
const programs = [
  ...[
    'kubeadm',
    'kubelet',
    'kubectl',
    'kube-proxy',
    'kube-apiserver',
    'kube-controller-manager',
    'kube-scheduler',
  ],
  ...['etcd', 'etcdctl', 'etcdutl', 'flanneld', 'containerd', 'containerd-shim-runc-v2', 'ctr', 'runc'],
];
const folders = [
  '/etc/hardway',
  ...['/etc/kubernetes', '/etc/etcd', '/etc/flannel', '/etc/containerd', '/etc/cni/net.d', '/opt/cni/bin'],
  ...[
    '/var/lib/kubelet',
    '/var/lib/kube-proxy',
    '/var/lib/etcd',
    '/var/lib/etcd-kept',
    '/var/lib/containerd',
    '/var/lib/cni',
  ],
  ...['/usr/local/lib/hardway', '/run/hardway', '/run/flannel', '/run/containerd'],
  ...['/run/nri', '/var/log/pods', '/var/log/containers', '/var/log/kubernetes', '/var/log/hardway'],
  ...['/run/calico', '/run/cilium', '/var/lib/calico', '/var/log/calico'],
  ...['/etc/sysctl.d/90-hardway.conf', '/etc/modules-load.d/hardway.conf', LOGIN],
];

/** Says that there is something of ours; it goes last, or a removal that was cut off would be taken for a whole one. */
const PREPARED = '/var/lib/hardway';

/** Made by the programs themselves; others may have put something there. */
const madeEmpty = [
  ...[
    '/usr/libexec/kubernetes/kubelet-plugins/volume/exec',
    '/usr/libexec/kubernetes/kubelet-plugins/volume',
  ],
  ...['/usr/libexec/kubernetes/kubelet-plugins', '/usr/libexec/kubernetes', '/etc/cni', '/opt/cni'],
  ...['/opt/containerd/bin', '/opt/containerd/lib', '/opt/containerd', '/run/netns'],
  // Mounted by kubeadm's kube-proxy, in containers that have no modules.
  '/usr/lib/modules',
];
/** What iptables shows of a table without any rule. */
const EMPTY_TABLE =
  '^(table .*|[[:space:]]*chain (PREROUTING|INPUT|FORWARD|OUTPUT|POSTROUTING) [{]|[[:space:]]*type .* policy accept;|[[:space:]]*[}]|[[:space:]]*)$';

/** Units that were kept from starting, for the machine's life with us; one a line. */
export const MASKED = '/var/lib/hardway/masked';
/** The same for those that cannot be masked: their files lie where the mask would. */
export const DISABLED = '/var/lib/hardway/disabled';

/**
 * Takes everything that Hardway put on a machine off it again. Only from a machine that Hardway prepared and that
 * trusts this cluster's authority (one of its SHA-256 fingerprints), or none yet.
 */
export const removal = (fingerprints: readonly string[]): Script => sh`[ -d /var/lib/hardway ] || exit 0
ca=$(openssl x509 -noout -fingerprint -sha256 -in /etc/kubernetes/pki/ca.crt 2>/dev/null | cut -d= -f2)
case " "${fingerprints.join(' ')}" " in *" $ca "*) ours=1 ;; *) ours=0 ;; esac
if [ -n "$ca" ] && [ $ours = 0 ]; then
  echo "belongs to a cluster with another certificate authority ($ca): nothing was touched" >&2
  exit 1
fi
kept=$(sed -n '/name: address$/{n;s/^ *value: *//p}' ${KUBE_VIP_POD} 2>/dev/null | tr -d '"')
for name in ${services}; do
  [ -e "/etc/systemd/system/$name.service" ] || continue
  if [ "$name" = containerd ]; then
    # The pods' processes outlive their daemons by design; containers of other namespaces are not ours.
    for task in $(/usr/local/bin/ctr --namespace k8s.io tasks ls -q 2>/dev/null); do
      /usr/local/bin/ctr --namespace k8s.io tasks kill --signal SIGKILL "$task" 2>/dev/null
      /usr/local/bin/ctr --namespace k8s.io tasks rm --force "$task" 2>/dev/null
    done
  fi
  systemctl disable --now --quiet "$name.service"
  [ "$name" = kube-proxy ] && /usr/local/bin/kube-proxy --cleanup >/dev/null 2>&1
  rm -f "/etc/systemd/system/$name.service"
done
pkill -KILL -f '^/usr/local/bin/containerd-shim-runc-v2 -namespace k8s.io '
# Its pod was killed and could not give the address back.
[ -n "$kept" ] && ip -4 -o address show to "$kept/32" | while read -r _ nic _; do ip address delete "$kept/32" dev "$nic"; done
systemctl daemon-reload
systemctl reset-failed 2>/dev/null
for mount in $(sed -n 's#^[^ ]* \\(/\\(var/lib/kubelet\\|run/containerd\\|var/lib/containerd\\|run/netns/cni-\\)[^ ]*\\) .*#\\1#p' /proc/self/mounts | sort -r); do
  umount "$mount" 2>/dev/null || umount -l "$mount"
done
rm -f /run/netns/cni-*
for link in $(ls /sys/class/net | grep -E '^(cni0|flannel[.][0-9]+|flannel-wg|vxlan[.]calico|cilium_(host|vxlan)|kube-(bridge|dummy-if))$'); do ip link delete "$link"; done
network=$(sed -n 's/^FLANNEL_NETWORK=//p' /run/flannel/subnet.env 2>/dev/null)
[ -n "$network" ] && ip route show root "$network" | while read -r route; do ip route delete $route; done
ip -4 route flush proto 172 2>/dev/null
for table in 'ip hardway-pods' 'ip hardway-network-policy' 'ip6 hardway-network-policy' 'ip kube-proxy' 'ip6 kube-proxy' 'ip flannel-ipv4' 'ip6 flannel-ipv6'; do nft delete table $table 2>/dev/null; done
${verbatim(clear(allChains))}
for tool in iptables ip6tables; do
  for chain in INPUT OUTPUT; do $tool -D $chain -j KUBE-FIREWALL; done
  for table in mangle nat filter; do for chain in ${KUBELETS}; do $tool -t $table -F $chain && $tool -t $table -X $chain; done; done
done 2>/dev/null
for table in mangle nat filter; do for family in ip ip6; do
  nft list table $family $table | grep -qvE ${EMPTY_TABLE} || nft delete table $family $table
done; done 2>/dev/null
for file in /var/lib/hardway/before/*; do [ -e "$file" ] && sysctl -q -w "\${file##*/}=$(cat "$file")"; done
if [ -s ${MASKED} ] || [ -s ${DISABLED} ] || grep -qs '^# hardway: ' /etc/fstab; then
  [ -s ${MASKED} ] && systemctl unmask --quiet $(cat ${MASKED})
  [ -s ${DISABLED} ] && systemctl enable --quiet $(cat ${DISABLED})
  sed -i 's/^# hardway: //' /etc/fstab
  systemctl daemon-reload
  swapon -a
fi
grep -q '^# END hardway' /etc/hosts && sed -i -E '/^# BEGIN hardway( api)?$/,/^# END hardway( api)?$/d' /etc/hosts
cd /usr/local/bin && rm -f ${programs}
rm -rf --one-file-system ${folders}
for folder in ${madeEmpty}; do rmdir "$folder" 2>/dev/null; done
getent passwd etcd >/dev/null && userdel etcd
rm -rf --one-file-system ${PREPARED}
true`;
