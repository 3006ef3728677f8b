import { daysIn } from '../src/cluster/duration.ts';
import type { Cluster, Node } from '../src/cluster/model.ts';
import { type Script, sh, verbatim } from '../src/connection/quote.ts';
import type { Attendance, Condition, Reply } from '../src/engine/phase.ts';
import { type Resource, unknown } from '../src/engine/resource.ts';
import { command } from '../src/resources/command.ts';
import { keyWeakness } from '../src/pki/keys.ts';
import { type CertificateRequest, parseRequest } from '../src/pki/request.ts';
import type { Usage } from '../src/pki/oids.ts';
import type { ClusterPki } from './pki.ts';
import { kubectl, unlessDatabase } from './resources/manifest.ts';
import { byRole, namesOf, type Scope } from './scope.ts';

const CLIENT = 'kubernetes.io/kube-apiserver-client-kubelet';
const SERVING = 'kubernetes.io/kubelet-serving';

/** One line of what the API server tells about a certificate request. */
export interface Request {
  readonly name: string;
  readonly signer: string;
  readonly requestor: string;
  readonly usages: readonly string[];
  readonly pem: string;
}

const fields = [
  '{.metadata.name}',
  '{.spec.signerName}',
  '{.spec.username}',
  '{.spec.usages}',
  '{.spec.request}',
  '{.status.conditions[*].type}',
  '{.status.certificate}',
];

const columns = `${fields.join('{"|"}')}{"\\n"}`;
const allColumns = `{range .items[*]}${columns}{end}`;

/** Prints one line a request, now and as they come; all again every ten seconds. Reads only. */
export const listRequests: Script = sh`while :; do
  ${kubectl} get certificatesigningrequests --watch --request-timeout=10s -o jsonpath=${columns}
  sleep 0.2
done`;

/** Kubelets that ask for certificates and wait: a rotation comes long after the join. */
export const openRequests: Resource = {
  id: 'requests:kubelets',
  desired: { open: 0 },
  question: command(
    sh`${verbatim(unlessDatabase)}
[ -e /etc/kubernetes/admin.conf ] && ${kubectl} get certificatesigningrequests --request-timeout=5s -o jsonpath=${allColumns} 2>/dev/null && echo answered; true`,
    (output) =>
      output.endsWith('answered')
        ? { open: output.split('\n').filter((line) => parseLine(line) !== null).length }
        : unknown,
  ),
  steps: () => [],
  why: 'Answered from the operator’s side: checked against cluster.json and signed there.',
};

/** Every request of a kubelet has its answer. */
export const requestsAnswered = (cluster: Cluster): Condition => ({
  name: 'nodeReady',
  description: 'all certificate requests to be answered',
  on: namesOf(byRole(cluster, 'master')),
  one: true,
  script:
    () => sh`all=$(${kubectl} get certificatesigningrequests --request-timeout=5s -o jsonpath=${allColumns}) || exit 1
open=$(echo "$all" | awk -F'|' '$2 ~ /kubelet/ && $6 !~ /Denied|Failed/ && $7 == "" && $1 != "" { print $1 }')
[ -z "$open" ] && exit 0
echo "open:" $open
exit 1`,
  limit: cluster.timeouts['nodeReady'] ?? 120,
});

/** Kubelets' requests are checked against cluster.json and signed here: no machine holds a CA key. */
export const answerKubelets = (master: string): Attendance<Scope> => ({
  description: 'certificate requests of kubelets',
  on: master,
  listen: listRequests,
  replies: answers,
});

function answers({ cluster, pki, joining }: Scope): Reply {
  const answered = new Set<string>();
  const reply = (line: string, note: (text: string) => void): Script | null => {
    const request = parseLine(line);
    if (request === null || answered.has(request.name)) return null;
    answered.add(request.name);
    const problem = refusal(request, cluster, joining);
    if (problem !== null) {
      note(`certificate request ${request.name} of ${request.requestor} refused: ${problem}`);
      return deny(request.name, problem);
    }
    if (cluster.pki.signer === 'cluster') return approval(request.name);
    return approve(request.name, sign(request, pki, daysIn(cluster.pki.leafValidity)));
  };
  /** It is listed again within ten seconds. */
  const failed = (line: string): void => void answered.delete(line.split('|')[0] ?? '');
  return Object.assign(reply, { failed });
}

/** null: not a request of a kubelet that still waits. Approved without a certificate is what a killed run left. */
export function parseLine(line: string): Request | null {
  const [name = '', signer = '', requestor = '', usages = '', pem = '', conditions = '', certificate = ''] =
    line.split('|');
  const settled = certificate !== '' || /Denied|Failed/.test(conditions);
  if ((signer !== CLIENT && signer !== SERVING) || settled) return null;
  return {
    name,
    signer,
    requestor,
    usages: JSON.parse(usages === '' ? '[]' : usages) as string[],
    pem: Buffer.from(pem, 'base64').toString(),
  };
}

/** Why a request must not be signed; null: it is exactly what that kubelet should ask for. */
export function refusal(request: Request, cluster: Cluster, joining: readonly string[]): string | null {
  let asked: CertificateRequest;
  try {
    asked = parseRequest(request.pem);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  const name = asked.commonName.replace(/^system:node:/, '');
  const node = cluster.nodes.find((each) => each.name === name);
  const weakness = keyWeakness(asked.publicKey);
  if (!asked.verified) return 'it is not signed by its own key';
  if (weakness !== null) return `its key is ${weakness}`;
  if (!asked.commonName.startsWith('system:node:') || node === undefined)
    return `${asked.commonName} is no node of this cluster`;
  if (asked.organizations.join() !== 'system:nodes')
    return `its groups are ${asked.organizations.join(', ') || 'none'}`;
  if (asked.names.other.length > 0) return `it asks for ${asked.names.other.join(', ')}`;
  return request.signer === CLIENT
    ? clientRefusal(request, asked, node, joining)
    : servingRefusal(request, asked, node);
}

function clientRefusal(
  request: Request,
  asked: CertificateRequest,
  node: Node,
  joining: readonly string[],
): string | null {
  const itself = request.requestor === `system:node:${node.name}`;
  const joins = request.requestor.startsWith('system:bootstrap:') && joining.includes(node.name);
  if (!itself && !joins) return `${request.requestor} may not ask for ${node.name}, which has joined already`;
  if (asked.names.dns.length + asked.names.ip.length > 0) return 'a client certificate carries no names';
  return wrongUsages(request.usages, 'client auth');
}

function servingRefusal(request: Request, asked: CertificateRequest, node: Node): string | null {
  if (request.requestor !== `system:node:${node.name}`) return `${request.requestor} is not ${node.name}`;
  const foreign = [
    ...asked.names.dns.filter((name) => name !== node.name),
    ...asked.names.ip.filter((address) => address !== node.address),
  ];
  if (foreign.length > 0) return `${foreign.join(', ')} does not belong to ${node.name}`;
  if (asked.names.dns.length + asked.names.ip.length === 0) return 'it carries no name';
  return wrongUsages(request.usages, 'server auth');
}

function wrongUsages(usages: readonly string[], purpose: string): string | null {
  const allowed = ['digital signature', 'key encipherment', purpose];
  const wrong = usages.filter((usage) => !allowed.includes(usage));
  if (wrong.length > 0) return `it asks for the usage ${wrong.join(', ')}`;
  return usages.includes(purpose) ? null : `it does not ask for the usage ${purpose}`;
}

function sign(request: Request, pki: ClusterPki, days: number): string {
  const { publicKey, commonName, organizations, names } = parseRequest(request.pem);
  const usages: Usage[] = [request.signer === CLIENT ? 'client' : 'server'];
  return pki.authority('ca').issue({ publicKey, commonName, organizations, usages, names, days })
    .certificatePem;
}

const approval = (name: string): Script => sh`${kubectl} certificate approve ${name} >/dev/null`;

const approve = (name: string, certificate: string): Script => sh`${verbatim(approval(name))}
${verbatim(patch(name, 'status', { status: { certificate: Buffer.from(certificate).toString('base64') } }))}`;

const deny = (name: string, reason: string): Script =>
  patch(name, 'approval', {
    status: { conditions: [{ type: 'Denied', status: 'True', reason: 'RefusedByHardway', message: reason }] },
  });

const patch = (name: string, subresource: string, change: object): Script =>
  sh`${kubectl} patch csr ${name} --subresource=${subresource} --type=merge --patch ${JSON.stringify(change)} >/dev/null`;
