import { X509Certificate } from 'node:crypto';
import { parse } from 'yaml';
import { type Api, knowsToken, nodeNamed, type SigningRequest } from './api.ts';
import { apiAt, serverIn } from './door.ts';
import type { ModelMachine } from './machine.ts';
import { CONFLIST } from './react.ts';
import { kubeletRequest } from './request.ts';
import { remembering } from './shape.ts';
import type { Process } from './systemd.ts';

const BOOTSTRAP = '/etc/kubernetes/bootstrap-kubelet.conf';
const KUBECONFIG = '/etc/kubernetes/kubelet.conf';
export const certificateOf = (usage: string): string => `/var/lib/kubelet/pki/kubelet-${usage}-current.pem`;

/** When a certificate ends, in milliseconds since 1970; 0 for what is none. */
export const endOf = remembering((pem) => {
  try {
    return Date.parse(new X509Certificate(pem).validTo);
  } catch {
    return 0;
  }
});

/** The base64 of a certificate, as the product's question prints it. */
export const printed = (pem: string): string =>
  /-BEGIN CERTIFICATE-+\n([^-]*)\n-+END CERT/.exec(pem)?.[1]?.replaceAll('\n', ' ') ?? '';

export const isValid = (machine: ModelMachine, usage: string): boolean =>
  endOf(machine.disk.text(certificateOf(usage))) > Date.now();

/** The next thing a kubelet does; false: nothing. What it has in memory it does not read again. */
export function kubelet(machine: ModelMachine): boolean {
  const process = machine.isActive('kubelet') ? machine.systemd.process('kubelet.service') : null;
  if (process === null || !machine.isActive('containerd')) return false;
  if (!process.learnt.has('client')) return join(machine, process);
  const api = apiAt(machine, process.learnt.get('server') ?? '');
  if (api === null) return false;
  return register(machine, process, api) || serving(machine, process, api);
}

/** With the certificate it has, or by asking for one with the join token. */
function join(machine: ModelMachine, process: Process): boolean {
  const { disk } = machine;
  if (serverIn(machine, KUBECONFIG) !== '' && isValid(machine, 'client')) {
    process.learnt.set('client', 'from disk').set('server', serverIn(machine, KUBECONFIG));
    return true;
  }
  const server = serverIn(machine, BOOTSTRAP);
  const api = server === '' ? null : apiAt(machine, server);
  const token = /^ *token: (\S+)$/m.exec(disk.text(BOOTSTRAP))?.[1] ?? '';
  if (api === null || !mayAsk(api) || !knowsToken(api, token)) return false;
  const signed = asked(machine, process, api, 'client', `system:bootstrap:${token.split('.')[0]}`);
  if (signed === 'new') return true;
  if (signed === null) return false;
  disk.write(certificateOf('client'), Buffer.from(signed), 0o600, 'root:root');
  disk.write(KUBECONFIG, Buffer.from(`    server: ${server}\n`), 0o600, 'root:root');
  process.learnt.set('client', 'signed').set('server', server);
  return true;
}

/** RBAC: joining machines may ask when this binding is there. */
const mayAsk = (api: Api): boolean =>
  api.get({
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata: { name: 'hardway:node-bootstrapper' },
  }) !== undefined;

/** Once in the life of a process, and taints only on a Node that it makes. */
function register(machine: ModelMachine, process: Process, api: Api): boolean {
  if (process.learnt.has('registered')) return false;
  process.learnt.set('registered', 'yes');
  if (api.get(nodeNamed(machine.name)) !== undefined) return true;
  const config = parse(machine.disk.text('/etc/kubernetes/kubelet.d/taints.conf')) as {
    registerWithTaints?: { value?: string }[];
  };
  const taints = (config.registerWithTaints ?? []).map(({ value, ...taint }) =>
    value ? { value, ...taint } : taint,
  );
  api.set({
    ...{ apiVersion: 'v1', kind: 'Node' },
    metadata: { name: machine.name, labels: { 'kubernetes.io/hostname': machine.name } },
    spec: { taints },
  });
  return true;
}

function serving(machine: ModelMachine, process: Process, api: Api): boolean {
  if (process.learnt.has('serving')) return false;
  if (isValid(machine, 'server') && !process.learnt.has('renewing')) {
    process.learnt.set('serving', 'from disk');
    return true;
  }
  const signed = asked(machine, process, api, 'server', `system:node:${machine.name}`);
  if (signed === 'new') return true;
  if (signed === null) return false;
  machine.disk.write(certificateOf('server'), Buffer.from(signed), 0o600, 'root:root');
  process.learnt.delete('renewing');
  process.learnt.set('serving', 'signed');
  return true;
}

/** Asks for its next serving certificate, long before the present one ends. */
export function renew(machine: ModelMachine): void {
  const process = machine.isActive('kubelet') ? machine.systemd.process('kubelet.service') : null;
  process?.learnt.delete('serving');
  process?.learnt.delete('asked server');
  process?.learnt.set('renewing', 'yes');
}

const signers = {
  client: 'kubernetes.io/kube-apiserver-client-kubelet',
  server: 'kubernetes.io/kubelet-serving',
};

/** Asks once in the life of a process; 'new': it has asked now; null: no answer yet, or refused. */
function asked(
  machine: ModelMachine,
  process: Process,
  api: Api,
  usage: 'client' | 'server',
  requestor: string,
): string | null {
  const name = process.learnt.get(`asked ${usage}`);
  if (name !== undefined) return api.requests.get(name)?.certificate || null;
  const signer = signers[usage];
  const open = [...api.requests.values()].find(
    (request) =>
      request.machine === machine.name &&
      request.signer === signer &&
      request.condition !== 'Denied' &&
      request.certificate === '',
  );
  const request: SigningRequest = open ?? {
    ...{ name: `csr-${machine.name}-${usage}-${api.requests.size}`, signer, requestor },
    usages: ['digital signature', `${usage} auth`],
    pem: kubeletRequest(machine.name, machine.node.address, usage),
    ...{ machine: machine.name, condition: '', certificate: '' },
  };
  api.requests.set(request.name, request);
  process.learnt.set(`asked ${usage}`, request.name);
  return 'new';
}

/** What the Node says of itself. */
export function isReady(machine: ModelMachine): boolean {
  const process = machine.isActive('kubelet') ? machine.systemd.process('kubelet.service') : null;
  const api = apiAt(machine, process?.learnt.get('server') ?? '');
  return (
    process !== null &&
    process.learnt.has('client') &&
    machine.isActive('containerd') &&
    machine.disk.has(CONFLIST) &&
    api?.get(nodeNamed(machine.name)) !== undefined
  );
}
