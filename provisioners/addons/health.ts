import type { Cluster } from '../../src/cluster/model.ts';
import { sh } from '../../src/connection/quote.ts';
import type { Condition } from '../../src/engine/phase.ts';
import { kubectl } from '../resources/manifest.ts';
import { byRole, namesOf } from '../scope.ts';

/** An object has a condition of this type that is True: "Available" of an APIService. */
export const conditionHolds = (
  cluster: Cluster,
  object: { readonly kind: string; readonly name: string; readonly namespace?: string },
  type: string,
): Condition => ({
  name: 'rollout',
  description: `${object.kind} ${object.name} to be ${type}`,
  on: namesOf(byRole(cluster, 'master')),
  one: true,
  script:
    () => sh`said=$(${kubectl} get ${`${object.kind}/${object.name}`} --namespace ${object.namespace ?? 'default'} --request-timeout=5s -o jsonpath=${`{range .status.conditions[?(@.type=="${type}")]}{.status}: {.message}{end}`})
case "$said" in True:*) exit 0 ;; esac
echo "\${said:-nothing is known of it yet}"
exit 1`,
  limit: cluster.timeouts['rollout'] ?? 120,
});
