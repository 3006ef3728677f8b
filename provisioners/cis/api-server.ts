import type { Cluster } from '../../src/cluster/model.ts';
import { AUDIT } from '../audit-policy.ts';
import { CIPHERS } from '../tls.ts';
import {
  absent,
  atLeast,
  excludes,
  type FlagRow,
  flagRow,
  given,
  includes,
  is,
  onlyOf,
  unlessIs,
} from './flags.ts';
import { tree } from './look.ts';
import { excepted, hardenedOnly, onMaster, ours, type Row, wellIf } from './row.ts';

const PROGRAM = 'kube-apiserver';
const PKI = '/etc/kubernetes/pki';

const flag = (id: string, title: string, flags: FlagRow['flags'], key?: Row['key']): Row =>
  flagRow({
    ...{ program: PROGRAM, id: `CIS ${id}`, title, flags, on: onMaster },
    ...(key === undefined ? {} : { key }),
  });

/** The key, while its value is less than what the benchmark asks for. */
const auditKey =
  (name: keyof Cluster['security']['audit'], least: number) =>
  ({ security }: Cluster): string | null =>
    security.audit[name] < least ? `security.audit.${name}` : null;

const HEALTH = ['/livez', '/readyz', '/healthz'];

/** Who has no credential may ask for health, and nothing else. */
const anonymous: Row = {
  ...{ id: 'CIS 1.2.1', title: 'whoever has no credential learns of health, and nothing else', on: onMaster },
  judge: ({ processes, documents }) => {
    const flags = processes.get(PROGRAM)?.flags;
    if (flags?.get('anonymous-auth') === 'false') return wellIf(true, '--anonymous-auth=false');
    const path = flags?.get('authentication-config') ?? '';
    const { enabled, conditions } = tree(tree(documents.get(path))['anonymous']);
    const paths = Array.isArray(conditions) ? conditions.map((one) => String(tree(one)['path'])) : null;
    const closed = enabled === false || (paths !== null && paths.every((one) => HEALTH.includes(one)));
    return wellIf(closed, `--authentication-config=${path}: ${paths?.join(', ') ?? 'no condition'}`);
  },
};

export const apiServer: readonly Row[] = [
  anonymous,
  flag('1.2.2', 'no passwords in a file', { 'token-auth-file': absent }),
  flag('1.2.3', 'no Service takes over addresses', {
    'enable-admission-plugins': includes('DenyServiceExternalIPs'),
  }),
  flag('1.2.4', 'the API server shows kubelets a certificate', {
    'kubelet-client-certificate': given,
    'kubelet-client-key': given,
  }),
  flag('1.2.5', 'the API server checks the kubelets’ certificates', {
    'kubelet-certificate-authority': is(`${PKI}/ca.crt`),
  }),
  flag('1.2.6', 'not everything is allowed', { 'authorization-mode': excludes('AlwaysAllow') }),
  flag('1.2.7', 'nodes see what is theirs', { 'authorization-mode': includes('Node') }),
  flag('1.2.8', 'rights are given by RBAC', { 'authorization-mode': includes('RBAC') }),
  flag(
    '1.2.9',
    'events cannot flood the database',
    {
      'enable-admission-plugins': includes('EventRateLimit'),
      'admission-control-config-file': given,
    },
    hardenedOnly,
  ),
  flag('1.2.10', 'not everything is admitted', { 'enable-admission-plugins': excludes('AlwaysAdmit') }),
  {
    ...{ id: 'CIS 1.2.11', title: 'images are pulled each time', on: onMaster },
    judge: () =>
      excepted(
        'no AlwaysPullImages',
        'images lie on the machines, so that no registry is needed to start them',
      ),
  },
  flag('1.2.12', 'ServiceAccount is not switched off', {
    'disable-admission-plugins': excludes('ServiceAccount'),
  }),
  flag('1.2.13', 'NamespaceLifecycle is not switched off', {
    'disable-admission-plugins': excludes('NamespaceLifecycle'),
  }),
  flag('1.2.14', 'a kubelet changes only its own node', {
    'enable-admission-plugins': includes('NodeRestriction'),
  }),
  flag('1.2.15', 'no profiling', { profiling: is('false') }),
  flag('1.2.16', 'there is an audit log', { 'audit-log-path': given }),
  flag('1.2.17', 'the audit log is kept 30 days', { 'audit-log-maxage': atLeast(30) }, auditKey('days', 30)),
  flag('1.2.18', '10 audit logs are kept', { 'audit-log-maxbackup': atLeast(10) }, auditKey('files', 10)),
  flag(
    '1.2.19',
    'an audit log has 100 MB',
    { 'audit-log-maxsize': atLeast(100) },
    auditKey('megabytes', 100),
  ),
  flag('1.2.20', 'requests end after one to five minutes', { 'request-timeout': betweenMinutes }),
  flag('1.2.21', 'tokens of accounts that are gone are refused', {
    'service-account-lookup': unlessIs('false'),
  }),
  flag('1.2.22', 'service accounts have a key of their own', {
    'service-account-key-file': is(`${PKI}/sa.pub`),
  }),
  flag('1.2.23', 'the API server shows etcd a certificate', {
    'etcd-certfile': is(`${PKI}/apiserver-etcd-client.crt`),
    'etcd-keyfile': is(`${PKI}/apiserver-etcd-client.key`),
  }),
  flag('1.2.24', 'the API server has a certificate', {
    'tls-cert-file': given,
    'tls-private-key-file': given,
  }),
  flag('1.2.25', 'clients’ certificates are checked', { 'client-ca-file': is(`${PKI}/ca.crt`) }),
  flag('1.2.26', 'etcd’s certificate is checked', { 'etcd-cafile': is(`${PKI}/etcd/ca.crt`) }),
  flag('1.2.27', 'Secrets are encrypted at rest', {
    'encryption-provider-config': is('/etc/kubernetes/encryption.yaml'),
  }),
  {
    ...{ id: 'CIS 1.2.28', title: 'with secretbox or aescbc; unencrypted only to read', on: onMaster },
    judge: ({ documents }) => {
      const resources = tree(documents.get('/etc/kubernetes/encryption.yaml'))['resources'];
      const first: unknown = Array.isArray(resources) ? resources[0] : null;
      const list = tree(first)['providers'];
      const providers = Array.isArray(list) ? list.map((one) => Object.keys(tree(one))[0] ?? '') : [];
      const strong =
        providers.length > 1 && providers.slice(0, -1).every((one) => /^(secretbox|aescbc)$/.test(one));
      return wellIf(
        strong && providers.at(-1) === 'identity',
        `providers: ${providers.join(', ') || 'none'}`,
      );
    },
  },
  flag('1.2.29', 'strong ciphers', {
    'tls-cipher-suites': onlyOf(CIPHERS),
    'tls-min-version': (value) => value === 'VersionTLS12' || value === 'VersionTLS13',
  }),
  flag('1.2.30', 'tokens of service accounts end when they should', {
    'service-account-extend-token-expiration': is('false'),
  }),
  flag('3.2.1', 'there is an audit policy', { 'audit-policy-file': is('/etc/kubernetes/audit-policy.yaml') }),
  ours(
    'front proxy',
    flag('', 'the front proxy has an authority and a name of its own', {
      'requestheader-client-ca-file': is(`${PKI}/front-proxy-ca.crt`),
      'requestheader-allowed-names': is('front-proxy-client'),
    }),
  ),
  ours(
    'insecure',
    flag('', 'nothing of the time before 1.20', {
      'insecure-port': absent,
      'insecure-bind-address': absent,
      'basic-auth-file': absent,
      'kubelet-https': absent,
    }),
  ),
  ours(
    'audit folder',
    flag('', 'the audit log lies where only root reads', {
      'audit-log-path': (value) => value?.startsWith(`${AUDIT}/`) === true,
    }),
  ),
];

/** 60 s is what it is when nobody says. */
function betweenMinutes(value: string | undefined): boolean {
  const [, minutes = '0', seconds = '0'] = /^(?:(\d+)m)?(?:(\d+)s)?$/.exec(value ?? '60s') ?? [];
  const all = Number(minutes) * 60 + Number(seconds);
  return all >= 60 && all <= 300;
}
