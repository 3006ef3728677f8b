import type { Cluster } from '../src/cluster/model.ts';
import { type Script, sh, verbatim } from '../src/connection/quote.ts';
import type { Condition } from '../src/engine/phase.ts';
import { kubectl } from './resources/manifest.ts';
import { byRole, namesOf } from './scope.ts';

const seconds = (cluster: Cluster, name: string): number => cluster.timeouts[name] ?? 120;

/** The API knows the kinds that these CustomResourceDefinitions add. */
export const established = (cluster: Cluster, definitions: readonly string[]): Condition[] =>
  definitions.length === 0
    ? []
    : [
        {
          name: 'apiServer',
          description: `${definitions.length === 1 ? definitions[0] : `${definitions.length} new kinds`} to be known to the API`,
          on: namesOf(byRole(cluster, 'master')),
          one: true,
          script:
            () => sh`known=$(${kubectl} get crd ${definitions} --request-timeout=5s --no-headers -o ${establishedColumn} 2>&1)
[ $? = 0 ] && [ "$(echo "$known" | grep -cx True)" = ${String(definitions.length)} ] && exit 0
echo "$known" | tail -n 1
exit 1`,
          limit: seconds(cluster, 'apiServer'),
        },
      ];

const establishedColumn = 'custom-columns=IS:.status.conditions[?(@.type=="Established")].status';

const waitingOf = (containers: string): string =>
  `{range .status.${containers}[?(@.ready==false)]}{.name}: {.state.waiting.reason}{": "}{.state.waiting.message}{"\\n"}{end}`;
const whatWaits = `{range .items[*]}${waitingOf('initContainerStatuses')}${waitingOf('containerStatuses')}{end}`;

/** Containers that do not run and why, the same of several pods once: a line each. */
export const waitingContainers = (where: `--namespace=${string}` | '--all-namespaces'): Script =>
  sh`${kubectl} get pods ${where} --request-timeout=5s -o jsonpath=${whatWaits} | grep -v ': PodInitializing: $' | sort -u | head -c 600`;

/** All replicas of a Deployment run and are ready. */
export const rolledOut = (cluster: Cluster, namespace: string, deployment: string): Condition => ({
  name: 'rollout',
  description: `${deployment} to be rolled out`,
  on: namesOf(byRole(cluster, 'master')),
  one: true,
  script:
    () => sh`set -- $(${kubectl} get deployment --namespace ${namespace} ${deployment} --request-timeout=5s -o jsonpath='{.metadata.generation} {.status.observedGeneration} {.spec.replicas} {.status.updatedReplicas} {.status.readyReplicas}')
[ "$1" = "$2" ] && [ "$3" = "$4" ] && [ "$3" = "$5" ] && exit 0
echo "\${5:-0} of \${3:-?} replicas are ready"
exit 1`,
  evidence:
    () => sh`set -- $(${kubectl} get deployment --namespace ${namespace} ${deployment} --request-timeout=5s -o jsonpath='{.spec.replicas} {.status.readyReplicas}')
echo "\${2:-0} of \${1:-?} replicas are ready"
${verbatim(waitingContainers(`--namespace=${namespace}`))}`,
  limit: seconds(cluster, 'rollout'),
});

/** What kubectl can tell the progress of. */
const WORKLOADS = ['deployment', 'daemonset', 'statefulset'];

export const isWorkload = (kind: string): boolean => WORKLOADS.includes(kind.toLowerCase());

/**
 * All pods of a Deployment, DaemonSet or StatefulSet run as it says. One that the server refused is not waited for: the
 * next look at what was changed tells why.
 */
export const workloadReady = (
  cluster: Cluster,
  kind: string,
  namespace: string,
  name: string,
): Condition => ({
  name: 'rollout',
  description: `${kind.toLowerCase()} ${namespace}/${name} to be rolled out`,
  on: namesOf(byRole(cluster, 'master')),
  one: true,
  script:
    () => sh`said=$(${kubectl} rollout status ${`${kind.toLowerCase()}/${name}`} --namespace ${namespace} --watch=false --request-timeout=5s 2>&1)
case $said in *'not found'*|*'successfully rolled out'*|*'roll out complete'*|*'rolling update complete'*) exit 0;; esac
echo "$said" | tail -n 1
exit 1`,
  evidence:
    () => sh`${kubectl} rollout status ${`${kind.toLowerCase()}/${name}`} --namespace ${namespace} --watch=false --request-timeout=5s 2>&1 | tail -n 1
${verbatim(waitingContainers(`--namespace=${namespace}`))}`,
  limit: seconds(cluster, 'rollout'),
});
