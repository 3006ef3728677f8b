/** Certificate requests as kubelets make them, and as others would. */
import { openssl, saved, scratchDirectory } from '../pki/openssl.ts';
import { cluster } from './machines.ts';

const CLIENT = 'kubernetes.io/kube-apiserver-client-kubelet';
const SERVING = 'kubernetes.io/kubelet-serving';
const folder = scratchDirectory();
export const makeKey = (name: string, ...options: string[]): string =>
  saved(folder, `${name}.key`, openssl(['genpkey', ...options.flatMap((option) => option.split(' '))]));
const key = makeKey('ec', '-algorithm EC', '-pkeyopt ec_paramgen_curve:P-256');

export interface Ask {
  readonly subject?: string;
  readonly sans?: string;
  readonly signer?: string;
  readonly requestor?: string;
  readonly usages?: readonly string[];
  readonly pem?: string;
  readonly key?: string;
}

export const csr = ({
  subject = '/O=system:nodes/CN=system:node:minion-1',
  sans = '',
  key: file = key,
}: Ask): string =>
  openssl([
    'req',
    '-new',
    '-key',
    file,
    '-subj',
    subject,
    ...(sans === '' ? [] : ['-addext', `subjectAltName=${sans}`]),
  ]);

export const address = cluster.nodes.find(({ name }) => name === 'minion-1')?.address ?? '';

/** What minion-1 asks for when it joins; and for its serving certificate, as itself. */
export const client: Ask = {
  signer: CLIENT,
  requestor: 'system:bootstrap:abcdef',
  usages: ['digital signature', 'client auth'],
};
export const serving: Ask = {
  ...{ signer: SERVING, requestor: 'system:node:minion-1', sans: `DNS:minion-1,IP:${address}` },
  usages: ['digital signature', 'server auth'],
};

export const request = (ask: Ask) => ({
  ...{ name: 'csr-1', signer: ask.signer ?? '', requestor: ask.requestor ?? '', usages: ask.usages ?? [] },
  pem: ask.pem ?? csr(ask),
});

export const line = (ask: Ask, conditions = '', certificate = ''): string => {
  const { name, signer, requestor, usages, pem } = request(ask);
  const fields = [name, signer, requestor, JSON.stringify(usages), Buffer.from(pem).toString('base64')];
  return [...fields, conditions, certificate].join('|');
};
