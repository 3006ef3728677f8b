import type { Cluster } from '../../src/cluster/model.ts';
import { ENFORCING } from '../../src/cluster/plug-ins.ts';
import { openNamespaces } from '../addons/exceptions.ts';
import { exempt } from '../admission.ts';
import { type Tree, tree } from './look.ts';
import { onFirstMaster } from './question.ts';
import { excepted, onMaster, type Row, well, wellIf, wrong } from './row.ts';

const exception = (id: string, title: string, found: string, reason: string): Row => ({
  ...{ id: `CIS ${id}`, title, on: onFirstMaster },
  judge: () => excepted(found, reason),
});

const listIn = (value: unknown): readonly Tree[] => (Array.isArray(value) ? value.map(tree) : []);

const LEVELS = ['privileged', 'baseline', 'restricted'];

const podSecurity: Row = {
  ...{ id: 'CIS 5.2', title: 'pods that could take over a machine are refused', on: onMaster },
  key: ({ security }: Cluster) => (security.podSecurity === 'privileged' ? 'security.podSecurity' : null),
  judge: ({ documents, said }) => {
    const plugins = listIn(tree(documents.get('/etc/kubernetes/admission.yaml'))['plugins']);
    const configuration = plugins.find(({ name }) => name === 'PodSecurity')?.['configuration'];
    const { defaults, exemptions } = tree(configuration);
    const level = String(tree(defaults)['enforce'] ?? 'privileged');
    const names = tree(exemptions)['namespaces'];
    const free = Array.isArray(names) ? names.map(String) : [];
    const opened = said('namespace')
      .map((line) => line.split(' '))
      .filter(([name = '', own = '']) => own === 'privileged' && !(name in exempt))
      .map(([name = '']) => name);
    return [
      wellIf(
        LEVELS.indexOf(level) > 0 && free.every((name) => name in exempt),
        `enforced: ${level}; exempt: ${free.join(', ')}`,
      ),
      ...opened.map((name) =>
        openNamespaces[name] === undefined
          ? wrong(
              `namespace ${name} allows everything`,
              `kubectl label namespace ${name} pod-security.kubernetes.io/enforce=baseline --overwrite`,
            )
          : excepted(`namespace ${name} allows everything`, openNamespaces[name]),
      ),
    ];
  },
};

const SENSITIVE: readonly (readonly [group: string, resource: string])[] = [
  ['', 'secrets'],
  ['', 'configmaps'],
  ['', 'serviceaccounts/token'],
  ['authentication.k8s.io', 'tokenreviews'],
];
const NOTEWORTHY = ['pods', 'pods/exec', 'pods/portforward', 'pods/proxy', 'services/proxy'];

const auditPolicy: Row = {
  ...{ id: 'CIS 3.2.2', title: 'the audit log has what matters, and no Secret', on: onMaster },
  judge: ({ documents }) => {
    const rules = listIn(tree(documents.get('/etc/kubernetes/audit-policy.yaml'))['rules']);
    const level = (group: string, resource: string): string => levelOf(rules, group, resource);
    const leaking = SENSITIVE.filter(([group, resource]) => level(group, resource) !== 'Metadata');
    const missing = NOTEWORTHY.filter((resource) => ['', 'None'].includes(level('', resource)));
    const found = [
      ...leaking.map(([, name]) => `${name}: not Metadata`),
      ...missing.map((name) => `${name}: nothing`),
    ];
    return found.length === 0 ? well(`${rules.length} rules`) : wrong(found.join(', '));
  },
};

/** Of the first rule that fits, whatever the verb. */
function levelOf(rules: readonly Tree[], group: string, resource: string): string {
  const rule = rules.find(({ resources }) => {
    if (resources === undefined) return true;
    return listIn(resources).some(({ group: own = '', resources: names }) => {
      if (own !== group) return false;
      return !Array.isArray(names) || names.includes(resource) || names.includes('*');
    });
  });
  return String(rule?.['level'] ?? '');
}

const unusedDefault: Row = {
  ...{ id: 'CIS 5.6', title: 'the namespace default is not used', on: onFirstMaster },
  judge: ({ said }) => {
    const [number] = said('default-pods');
    if (number === undefined) return wrong('the API did not answer');
    if (number === '0') return well('no pods');
    return excepted(`${number} pods`, 'what runs there is yours, not Hardway’s');
  },
};

const networkPolicies: Row = {
  ...{ id: 'CIS 5.3.1-2', title: 'network policies are enforced', on: onFirstMaster },
  judge: ({ cluster: { addons, network } }) => {
    if (addons['network-policy'] !== undefined) return well('the add-on network-policy');
    if (ENFORCING.includes(network.cni)) return well(network.cni);
    if (network.cni === 'none')
      return excepted('network.cni none', 'whether policies hold is for the plug-in that you brought');
    return excepted(
      network.cni,
      `${network.cni} connects pods and enforces no policies: without network.policy every pod reaches every other`,
    );
  },
};

export const policies: readonly Row[] = [
  exception(
    '3.1.1-3',
    'people log in with OIDC',
    'client certificates',
    'no identity provider belongs to the cluster; the administrator’s kubeconfig stays with the operator, and its right can be taken away',
  ),
  auditPolicy,
  podSecurity,
  networkPolicies,
  exception(
    '5.4.1-2',
    'secrets come from a store outside',
    'Secrets',
    'what runs in the cluster decides that; Hardway’s own pods are given none but their certificates, as files',
  ),
  unusedDefault,
];
