import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Lab } from '../live/support/lab.ts';

/** Everything that a finished run answers for, one fact a line: "<place> <fact>". */
export type EndState = ReadonlySet<string>;

/** Facts that only one of two has: "- " those that are missing now, "+ " those that are new. */
export function differences(before: EndState, now: EndState): string[] {
  const missing = [...before].filter((fact) => !now.has(fact)).map((fact) => `- ${fact}`);
  return [...missing, ...[...now].filter((fact) => !before.has(fact)).map((fact) => `+ ${fact}`)].sort(
    (a, b) => a.slice(2).localeCompare(b.slice(2)),
  );
}

export async function endState(lab: Lab, machines: readonly string[]): Promise<EndState> {
  const parts = await Promise.all([
    ...machines.map((machine) => factsOf(lab, machine)),
    clusterFacts(lab),
    operatorFacts(lab),
  ]);
  return new Set(parts.flat());
}

/** What may differ between two clusters with other keys is left out. */
export const withoutContents = (state: EndState): EndState =>
  new Set(
    [...state]
      .filter((fact) => !fact.includes(' sha256 '))
      .map((fact) => (fact.startsWith('operator ') ? fact.split(' ').slice(0, 3).join(' ') : fact))
      .map((fact) => fact.replace(/^(api \S+ \S+) [0-9a-f]{16}\b/, '$1')),
  );

/** The keys on which everything depends: once there, they stay. */
export const authorities = (lab: Lab): EndState =>
  new Set(operatorFacts(lab).filter((fact) => /^operator pki\/[^/]+\.(crt|key|pub) /.test(fact)));

/** Where files of ours lie. */
const folders = [
  ...['/etc/kubernetes', '/etc/etcd', '/etc/flannel', '/etc/containerd', '/etc/cni', '/etc/systemd/system'],
  ...['/etc/sysctl.d', '/etc/modules-load.d', '/etc/hosts', '/etc/hostname', '/opt/cni', '/usr/local'],
  ...['/var/lib/hardway', '/var/lib/kubelet/config.yaml', '/var/lib/kube-proxy', '/run/hardway/started'],
];
const services =
  'etcd kube-apiserver kube-controller-manager kube-scheduler containerd flanneld kubelet kube-proxy';

/** Names, modes, owners and contents; units; kernel settings; etcd's users. What differs by nature has no content. */
const machineScript = `find ${folders.join(' ')} -printf 'file %p %y %m %u:%g %l\\n' 2>/dev/null | sort
find ${folders.join(' ')} -type f ! -path '/etc/cni/net.d/*' ! -path '/var/lib/hardway/digests/*' ! -path '/var/lib/hardway/images/*' ! -path /var/lib/hardway/etcd-access -exec sha256sum {} + 2>/dev/null | sed 's/^/sha256 /'
find /etc /opt /root /run /tmp /usr/local /var/lib -xdev -path /var/lib/containerd -prune -o \\( -name '.hw-*' -o -name 'break-glass.*' \\) -printf 'leftover %p\\n'
for unit in ${services}; do echo "unit $unit $(systemctl is-enabled $unit 2>/dev/null) $(systemctl is-active $unit) reload=$(systemctl show --property=NeedDaemonReload --value $unit)"; done
systemctl list-units --failed --plain --no-legend | sed 's/^/failed unit /'
sed -n 's/^\\([a-z][^ =]*\\) *=.*/\\1/p' /etc/sysctl.d/90-hardway.conf | while read -r key; do echo "sysctl $(sysctl "$key")"; done
hostname | sed 's/^/hostname /'
[ -e /etc/etcd/pki/root.key ] || exit 0
etcd() { /usr/local/bin/etcdctl --endpoints=https://127.0.0.1:2379 --cacert=/etc/etcd/pki/ca.crt --cert=/etc/etcd/pki/root.crt --key=/etc/etcd/pki/root.key "$@" 2>&1; }
etcd auth status | grep Authentication | sed 's/^/etcd /'
for user in $(etcd user list); do echo "etcd user $user: $(etcd user get "$user" | tr '\\n' ' ')"; done
for role in $(etcd role list); do echo "etcd role $role: $(etcd role get "$role" | tr '\\n\\t' '  ')"; done
echo "etcd members $(etcd member list | cut -d, -f2-)"
echo "etcd network $(etcd get /coreos.com/network/config --print-value-only)"
echo "etcd alarms $(etcd alarm list)"`;

async function factsOf(lab: Lab, machine: string): Promise<string[]> {
  const { ok, stdout, stderr, outcome } = await lab.on(machine, machineScript);
  if (!ok) throw new Error(`${machine} could not be looked at (${outcome}): ${stderr}`);
  return stdout
    .trim()
    .split('\n')
    .map((line) => `${machine} ${line.trimEnd()}`);
}

const kinds =
  'configmaps,secrets,services,serviceaccounts,deployments,daemonsets,clusterroles,clusterrolebindings,roles,rolebindings,namespaces';

interface ApiObject {
  readonly kind: string;
  readonly metadata: Record<string, unknown> & { readonly name: string; readonly namespace?: string };
  readonly data?: Record<string, unknown>;
  readonly spec?: { readonly taints?: unknown };
  readonly status?: {
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
    readonly readyReplicas?: number;
  };
}

async function clusterFacts(lab: Lab): Promise<string[]> {
  const get = async (...words: string[]): Promise<readonly ApiObject[]> =>
    (JSON.parse(await lab.kubectl(['get', ...words, '--output=json'])) as { items: ApiObject[] }).items;
  const [ours, nodes, requests] = await Promise.all([
    get(kinds, '--all-namespaces', '--selector=app.kubernetes.io/managed-by=hardway'),
    get('nodes'),
    get('certificatesigningrequests'),
  ]);
  return [...ours.map(objectFact), ...nodes.map(nodeFact), ...requests.flatMap(openRequest)];
}

function objectFact({ metadata, status, ...rest }: ApiObject): string {
  const { uid: _1, resourceVersion: _2, creationTimestamp: _3, managedFields: _4, ...kept } = metadata;
  // A bootstrap token gets another end with each application.
  const data = rest.data && { ...rest.data, expiration: '' };
  const content = JSON.stringify({ ...rest, ...(data && { data }), metadata: kept });
  const ready = status?.readyReplicas === undefined ? '' : ` ${status.readyReplicas} ready`;
  return `api ${rest.kind} ${metadata.namespace ?? ''}/${metadata.name} ${sum(content)}${ready}`;
}

function nodeFact({ metadata, spec, status }: ApiObject): string {
  const ready = status?.conditions?.find(({ type }) => type === 'Ready')?.status;
  return `api Node ${metadata.name} ready=${ready} ${JSON.stringify(metadata['labels'])} ${JSON.stringify(spec?.taints ?? [])}`;
}

const openRequest = ({ metadata, status }: ApiObject): string[] =>
  status?.conditions?.length ? [] : [`api certificate request without an answer: ${metadata.name}`];

/** Authorities and kubeconfig by content; of everything else (a token lives an hour) that it is there, and for whom. */
function operatorFacts(lab: Lab): string[] {
  const root = join(lab.folder, '.hardway');
  const names = readdirSync(root, { recursive: true, encoding: 'utf8' }).sort();
  return names.flatMap((name) => {
    const about = lstatSync(join(root, name));
    const fact = `operator ${name} ${(about.mode & 0o777).toString(8)}`;
    const isContent = about.isFile() && /^(pki\/|kubeconfig$)/.test(name);
    return isContent
      ? [`${fact} ${sum(readFileSync(join(root, name)))}`]
      : /^(journal|known_hosts|runs)/.test(name)
        ? []
        : [fact];
  });
}

const sum = (content: string | Buffer): string =>
  createHash('sha256').update(content).digest('hex').slice(0, 16);
