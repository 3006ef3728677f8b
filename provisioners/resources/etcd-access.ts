import { createHash } from 'node:crypto';
import { type Script, sh, verbatim } from '../../src/connection/quote.ts';
import { type Answer, type Resource, type State, unknown } from '../../src/engine/resource.ts';
import { command } from '../../src/resources/command.ts';
import { etcdctl } from '../etcdctl.ts';
import { unlessDatabase } from './manifest.ts';

interface Permission {
  readonly type: 'readwrite' | 'read';
  readonly key: string;
  /** Everything that begins with the key. */
  readonly prefix: boolean;
}

const readwrite = (key: string, prefix: boolean): Permission => ({ type: 'readwrite', key, prefix });

/** Who may see what. A user's name is the common name of the certificate that proves it. */
const roles: Readonly<Record<string, readonly Permission[]>> = {
  'kube-apiserver-etcd-client': [
    readwrite('/registry/', true),
    readwrite('compact_rev_key', false),
    { type: 'read', key: 'health', prefix: false },
  ],
  flannel: [readwrite('/coreos.com/network/', true)],
};

const names = Object.keys(roles);

/** etcd's own users: without them flannel's certificate, which every minion holds, could read every Secret. */
export function etcdUsers(): Resource {
  const set: State = {
    authentication: 'true',
    ...Object.fromEntries(names.map((name) => [`role ${name}`, canonical(name)])),
    ...Object.fromEntries(['root', ...names].map((name) => [`user ${name}`, name])),
  };
  const isSet = (now: State | null): boolean => Object.keys(set).every((key) => now?.[key] === set[key]);
  return {
    id: 'etcd:users',
    desired: { ...set, recorded: true },
    question: command(question, parse),
    steps: (now) => [...(isSet(now) ? [] : [{ run: setUp }]), { run: record }],
    why: 'flannel on a minion sees only its own keys, not the Secrets of the cluster.',
  };
}

/** What etcd said of its users, below the number of changes that had been made to them. */
const RECORD = '/var/lib/hardway/etcd-access';

/** Six programs to start are felt in each run: etcd counts the changes itself, so one that tells the number will do. */
const revision = sh`revision=\${auth#*cluster_id?:}
revision="\${revision%%,*} \${auth##*authRevision?:}"`;

const listed = sh`for name in root ${names}; do echo "user|$name|$(${etcdctl} user get "$name" -w json 2>/dev/null)" & done
for name in ${names}; do echo "role|$name|$(${etcdctl} role get "$name" -w json 2>/dev/null)" & done
wait`;

const question: Script = sh`${verbatim(unlessDatabase)}
[ -x /usr/local/bin/etcdctl ] || exit 0
auth=$(${etcdctl} auth status -w json 2>/dev/null) || exit 0
echo answered
echo "auth||$auth"
${verbatim(revision)}
[ -e ${RECORD} ] && read -r known <${RECORD} && [ "$known" = "$revision" ] && echo recorded && sed 1d ${RECORD} && exit 0
${verbatim(listed)}`;

const record: Script = sh`auth=$(${etcdctl} auth status -w json)
${verbatim(revision)}
{ echo "$revision"; ${verbatim(listed)}; } >${`${RECORD}.new`}
mv ${`${RECORD}.new`} ${RECORD}`;

function parse(output: string): Answer {
  if (!output.startsWith('answered')) return unknown;
  const state: Record<string, string | boolean> = { recorded: /^recorded$/m.test(output) };
  for (const [, kind = '', name = '', text = ''] of output.matchAll(/^(user|role|auth)\|([^|]*)\|(.*)$/gm)) {
    if (text === '') continue;
    const seen = JSON.parse(text) as { enabled?: boolean; roles?: string[]; perm?: EtcdPermission[] };
    if (kind === 'auth') state['authentication'] = String(seen.enabled ?? false);
    if (kind === 'user') state[`user ${name}`] = (seen.roles ?? []).join(',');
    if (kind === 'role') state[`role ${name}`] = (seen.perm ?? []).map(describeLive).sort().join('; ');
  }
  return state;
}

interface EtcdPermission {
  readonly permType?: number;
  readonly key?: string;
  readonly range_end?: string;
}

function describeLive({ permType = 0, key = '', range_end = '' }: EtcdPermission): string {
  const type = ['read', 'write', 'readwrite'][permType] ?? String(permType);
  const decode = (text: string): string => Buffer.from(text, 'base64').toString();
  const end = decode(range_end);
  const range = end === '' ? '' : end === prefixEnd(decode(key)) ? '*' : ` to ${JSON.stringify(end)}`;
  return `${type} ${decode(key)}${range}`;
}

/** How etcd says "everything that begins with": up to the key whose last byte is raised by one. */
const prefixEnd = (key: string): string =>
  key.slice(0, -1) + String.fromCharCode(key.charCodeAt(key.length - 1) + 1);

const canonical = (role: string): string =>
  (roles[role] ?? [])
    .map(({ type, key, prefix }) => `${type} ${key}${prefix ? '*' : ''}`)
    .sort()
    .join('; ');

const grants = names.flatMap((name) =>
  (roles[name] ?? []).map(
    ({ type, key, prefix }) =>
      sh`${etcdctl} role grant-permission ${name} ${type} ${key} ${prefix ? ['--prefix=true'] : []} >/dev/null`,
  ),
);

/** Safe to repeat: what exists already is left, what is missing is added, authentication comes last. */
const setUp: Script = sh`for name in root ${names}; do
  { ${etcdctl} user get "$name" || ${etcdctl} user add "$name" --no-password; } >/dev/null 2>&1 &
  { ${etcdctl} role get "$name" || ${etcdctl} role add "$name"; } >/dev/null 2>&1 &
done
wait
for name in root ${names}; do ${etcdctl} user grant-role "$name" "$name" >/dev/null & done
wait
${verbatim(...grants)}
${etcdctl} auth enable >/dev/null`;

/** One key with exactly this value. */
export function etcdKey(key: string, value: string): Resource {
  return {
    id: `etcd:${key}`,
    desired: { sha256: createHash('sha256').update(value).digest('hex') },
    question: command(
      sh`${verbatim(unlessDatabase)}
[ -x /usr/local/bin/etcdctl ] && ${etcdctl} get ${key} --print-value-only 2>/dev/null || exit 0
echo answered`,
      (output) => {
        if (!output.endsWith('answered')) return unknown;
        const found = output.slice(0, -'answered'.length).trimEnd();
        return found === '' ? null : { sha256: createHash('sha256').update(found).digest('hex') };
      },
    ),
    steps: () => [{ run: sh`${etcdctl} put ${key} ${value} >/dev/null` }],
  };
}

/** The pod subnet that a machine which left still holds; others would keep a route to it for a day. */
export const flannelLease = (name: string, address: string): Resource => ({
  id: `lease:${name}`,
  desired: null,
  question: command(
    sh`${verbatim(unlessDatabase)}
[ -x /usr/local/bin/etcdctl ] && ${etcdctl} get --prefix /coreos.com/network/subnets 2>/dev/null || exit 0
echo answered`,
    (output) => {
      if (!output.endsWith('answered')) return unknown;
      const lines = output.split('\n');
      const value = lines.findIndex((line) => line.includes(`"PublicIP":"${address}"`));
      return value < 1 ? null : { subnet: (lines[value - 1] ?? '').split('/').at(-1) ?? '' };
    },
  ),
  steps: (now) => [
    { run: sh`${etcdctl} del ${`/coreos.com/network/subnets/${String(now?.['subnet'] ?? '')}`} >/dev/null` },
  ],
  why: 'It is no longer in cluster.json.',
});
