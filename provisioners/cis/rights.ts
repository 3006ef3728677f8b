import { powerfulRoles } from '../addons/exceptions.ts';
import { ADMINISTRATORS } from '../certificates.ts';
import { SYSTEM_NAMESPACES } from '../phases/hardening.ts';
import { tree } from './look.ts';
import { parsed } from './parsed.ts';
import { onFirstMaster } from './question.ts';
import { excepted, hardenedOnly, type Row, type Verdict, well, wellIf, wrong } from './row.ts';

const SILENCE = wrong('the API did not answer');

const BUILT_IN = ['Group:system:masters', `Group:${ADMINISTRATORS}`];

const administrators: Row = {
  ...{ id: 'CIS 5.1.1, 5.1.7', title: 'nobody else is cluster-admin', on: onFirstMaster },
  judge: ({ said }) => {
    const lines = said('administrators').map((line) => line.split(' '));
    if (lines.length === 0) return SILENCE;
    const strangers = lines.filter(([, ...subjects]) => subjects.some((one) => !BUILT_IN.includes(one)));
    if (strangers.length === 0) return well(lines.map(([name]) => name).join(', '));
    return strangers.map(([name, ...subjects]): Verdict =>
      wrong(`${name} for ${subjects.join(', ')}`, `kubectl delete clusterrolebinding ${name}`),
    );
  },
};

const POWERS = ['*', 'bind', 'escalate', 'impersonate'];
const DANGEROUS = [
  ...['*', 'secrets', 'nodes/proxy', 'persistentvolumes', 'serviceaccounts/token'],
  ...[
    'certificatesigningrequests/approval',
    'mutatingwebhookconfigurations',
    'validatingwebhookconfigurations',
  ],
];

const ownRoles: Row = {
  id: 'CIS 5.1.2, 5.1.3, 5.1.8-13',
  title: 'roles of Hardway name what they allow, and nothing dangerous',
  on: onFirstMaster,
  judge: ({ said }) => {
    if (said('roles').length === 0) return SILENCE;
    const roles = said('role').map((line) => ({
      name: line.split(' ')[0] ?? '',
      rules: parsed(line.slice(line.indexOf(' ') + 1)),
    }));
    const wide = roles.filter(({ rules }) => !Array.isArray(rules) || rules.some(isDangerous));
    const stray = wide.filter(({ name }) => !(name in powerfulRoles));
    return [
      wellIf(stray.length === 0, (stray.length === 0 ? roles : stray).map(({ name }) => name).join(', ')),
      ...wide.flatMap(({ name }) => {
        const reason = powerfulRoles[name];
        return reason === undefined ? [] : [excepted(name, reason)];
      }),
    ];
  },
};

function isDangerous(rule: unknown): boolean {
  const { verbs, resources } = tree(rule);
  const has = (list: unknown, some: readonly string[]): boolean =>
    Array.isArray(list) && list.some((one) => some.includes(String(one)));
  return has(verbs, POWERS) || has(resources, DANGEROUS);
}

const accounts: Row = {
  ...{
    id: 'CIS 5.1.5, 5.1.6',
    title: 'default accounts give pods no token',
    on: onFirstMaster,
    key: hardenedOnly,
  },
  judge: ({ said }) => {
    const lines = said('account').map((line) => line.split(' '));
    if (lines.length === 0) return SILENCE;
    const open = lines.filter(([, mounts]) => mounts !== 'false').map(([name = '']) => name);
    const own = open.filter((name) => SYSTEM_NAMESPACES.includes(name));
    const foreign = open.filter((name) => !SYSTEM_NAMESPACES.includes(name));
    return [
      wellIf(own.length === 0, own.length === 0 ? 'none does' : `those in ${own.join(', ')}`),
      ...foreign.map((name) =>
        wrong(
          `that in ${name}`,
          `kubectl patch serviceaccount default --namespace ${name} --patch '{"automountServiceAccountToken": false}'`,
        ),
      ),
    ];
  },
};

/** Who may do what. */
export const rights: readonly Row[] = [administrators, ownRoles, accounts];
