import type { Cluster } from '../src/cluster/model.ts';
import { yaml } from './yaml.ts';

/** Namespaces whose pods may do what the level of the others forbids, and why. */
export const exempt: Readonly<Record<string, string>> = {
  'kube-system': 'add-ons of the cluster itself run there, such as agents that need the host’s network',
};

/** Beyond those that every API server has. */
export const admissionPlugins = ({ security }: Cluster): string[] => [
  'NodeRestriction',
  // CVE-2020-8554: whoever may make a Service could take over the traffic to any address.
  'DenyServiceExternalIPs',
  ...(security.profile === 'hardened' ? ['EventRateLimit'] : []),
];

/** What admission plug-ins are told. */
export const admission = ({ security }: Cluster): string =>
  reasons() +
  yaml({
    apiVersion: 'apiserver.config.k8s.io/v1',
    kind: 'AdmissionConfiguration',
    plugins: [
      { name: 'PodSecurity', configuration: podSecurity(security.podSecurity) },
      ...(security.profile === 'hardened' ? [{ name: 'EventRateLimit', configuration: eventRates }] : []),
    ],
  });

const reasons = (): string =>
  Object.entries(exempt)
    .map(([namespace, reason]) => `# ${namespace} is exempt: ${reason}.\n`)
    .join('');

/** For namespaces without a label of their own. What stricter rules would say is told, and written down. */
const podSecurity = (enforce: string): object => ({
  apiVersion: 'pod-security.admission.config.k8s.io/v1',
  kind: 'PodSecurityConfiguration',
  defaults: {
    ...{ enforce, 'enforce-version': 'latest' },
    ...{ audit: 'restricted', 'audit-version': 'latest' },
    ...{ warn: 'restricted', 'warn-version': 'latest' },
  },
  exemptions: { usernames: [], runtimeClasses: [], namespaces: Object.keys(exempt) },
});

/** Events a second: one busy namespace cannot fill the database. */
const eventRates = {
  apiVersion: 'eventratelimit.admission.k8s.io/v1alpha1',
  kind: 'Configuration',
  limits: [
    { type: 'Server', qps: 500, burst: 5000 },
    { type: 'Namespace', qps: 50, burst: 500, cacheSize: 2000 },
  ],
};
