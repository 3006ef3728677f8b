import type { Cluster } from '../../src/cluster/model.ts';
import type { Phase } from '../../src/engine/phase.ts';
import type { Resource } from '../../src/engine/resource.ts';
import { apiServerReady } from '../conditions.ts';
import { manifest } from '../resources/manifest.ts';
import { type Scope, speaker } from '../scope.ts';

/** Namespaces that each cluster has; the others are their makers' own. */
export const SYSTEM_NAMESPACES: readonly string[] = [
  'default',
  'kube-node-lease',
  'kube-public',
  'kube-system',
];

/** What the profile "hardened" wants of the API's objects. */
export const hardening = (cluster: Cluster, present: readonly string[]): Phase<Scope> => ({
  name: 'hardening',
  title: 'Harden the accounts',
  docs: 'https://kubernetes.io/docs/concepts/security/service-accounts/',
  on: speaker(cluster, present),
  needs: [apiServerReady(cluster)],
  stages: [{ title: 'default accounts', resources: () => SYSTEM_NAMESPACES.map(withoutToken) }],
});

const withoutToken = (namespace: string): Resource =>
  manifest(
    {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name: 'default', namespace },
      automountServiceAccountToken: false,
    },
    { why: 'Pods that asked for no account are given no token.' },
  );
