import {
  apiServerReady,
  authorityPublished,
  containerdAnswers,
  etcdHasQuorum,
  mayJoin,
  nodesReady,
  prepared,
  subnetReady,
} from '../../provisioners/conditions.ts';
import { rolledOut } from '../../provisioners/rollouts.ts';
import { requestsAnswered } from '../../provisioners/kubelet-requests.ts';
import type { Condition } from '../../src/engine/phase.ts';
import { cluster as lab } from '../provisioners/machines.ts';
import { type Api, nodeNamed } from './api.ts';
import { etcdHere, KUBECTL } from './commands.ts';
import { asAdministrator, may, reached } from './door.ts';
import { certificateOf, isReady } from './kubelet.ts';
import type { ModelMachine } from './machine.ts';
import { CONFLIST, flanneldIs } from './react.ts';
import {
  callsIn,
  type Known,
  like,
  remembering,
  shape,
  text,
  UnknownScript,
  word,
  words,
  wordsOf,
} from './shape.ts';

/** null: it holds. */
type Row = Known<ModelMachine, string | null>;

const script = (condition: Condition): string => condition.script('');
const unless = (holds: boolean, reason: string): string | null => (holds ? null : reason);
const API_AWAY = 'the API does not answer';

/** When a kubelet was heard last. */
export const LEASE = shape`${KUBECTL} get lease --namespace kube-node-lease ${word} --request-timeout=5s -o jsonpath={.spec.renewTime}`;

/** A kubelet that runs says every few seconds that it is there: each look finds another time. */
export function leaseOf(machine: ModelMachine, name: string): string {
  asAdministrator(machine);
  const node = machine.cluster.machine(name);
  if (isReady(node)) node.renewals += 1;
  return String(node.renewals);
}

/** Each condition by the text that the product asks it with. */
const table: readonly Row[] = [
  {
    shape: like(script(prepared([]))),
    act: (machine) => {
      const recorder = machine.disk.get('/usr/local/lib/hardway/record-start');
      return unless(((recorder?.mode ?? 0) & 0o100) !== 0, 'the phase "host" has not been there');
    },
  },
  {
    shape: like(script(containerdAnswers(lab))),
    act: (machine) =>
      unless(machine.canRun('/usr/local/bin/ctr') && machine.isActive('containerd'), 'containerd is away'),
  },
  {
    shape: like(script(etcdHasQuorum(lab))),
    act: (machine) => unless(etcdHere(machine) !== null, 'etcd is unhealthy'),
  },
  {
    shape: like(script(apiServerReady(lab))),
    act: (machine) =>
      unless(
        machine.isActive('kube-apiserver') &&
          may(() => reached(machine, '/etc/kubernetes/admin.conf')) !== null,
        'kube-apiserver is not ready',
      ),
  },
  {
    shape: like(script(subnetReady(lab))),
    act: (machine) => {
      const is = flanneldIs(machine);
      return unless(is === 'active' && machine.disk.has(CONFLIST), `flanneld is ${is}`);
    },
  },
  {
    shape: like(script(authorityPublished(lab))),
    act: (machine) => {
      if (may(() => asAdministrator(machine)) === null) return API_AWAY;
      return unless(machine.isActive('kube-controller-manager'), 'the controller-manager is away');
    },
  },
  {
    shape: like(script(mayJoin(lab, []))),
    act: (machine) => {
      const api = may(() => asAdministrator(machine));
      const binding = api?.get({
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'ClusterRoleBinding',
        metadata: { name: 'hardway:node-bootstrapper' },
      });
      return unless(binding !== undefined, 'NotFound');
    },
  },
  {
    // The names stand in it twice, with the number between them.
    shape: like(script(nodesReady(lab, ['HOLE'], 4711)), { HOLE: words, "'4711'": word }),
    act: (machine, names = '', atLeast = '') => {
      const api = may(() => asAdministrator(machine));
      const missing = wordsOf(names).filter(
        (name) => !api?.get(nodeNamed(name)) || !isReady(machine.cluster.machine(name)),
      );
      return api === null
        ? API_AWAY
        : unless(wordsOf(names).length - missing.length >= Number(atLeast), `not yet: ${missing.join(' ')}`);
    },
  },
  {
    shape: like(script(rolledOut(lab, 'HOLE', 'NAME')), { HOLE: word, NAME: word }),
    act: (machine, namespace = '', name = '') => rollout(machine, namespace, name),
  },
  {
    shape: like(script(requestsAnswered(lab))),
    act: (machine) => {
      const api = may(() => asAdministrator(machine));
      return api === null
        ? API_AWAY
        : unless(openRequests(api).length === 0, `open: ${openRequests(api).join(' ')}`);
    },
  },
  {
    shape: shape`for usage in client server; do
  [ -e /var/lib/kubelet/pki/kubelet-$usage-current.pem ] || { echo "no $usage certificate yet"; exit 1; }
done`,
    act: ({ disk }) => {
      const missing = ['client', 'server'].find((usage) => !disk.has(certificateOf(usage)));
      return unless(missing === undefined, `no ${missing} certificate yet`);
    },
  },
  {
    shape: shape`[ "$(${KUBECTL} get lease --namespace kube-node-lease ${word} --request-timeout=5s -o jsonpath={.spec.renewTime})" != ${word} ]`,
    act: (machine, name = '', before = '') =>
      unless(leaseOf(machine, name) !== before, 'its lease was not renewed'),
  },
];

const openRequests = (api: Api): string[] =>
  [...api.requests.values()]
    .filter(({ condition, certificate }) => certificate === '' && condition !== 'Denied')
    .map(({ name }) => name);

/** Needs somebody who makes pods, somebody who places them, and a Ready node with the image. */
function rollout(machine: ModelMachine, namespace: string, name: string): string | null {
  const api = may(() => asAdministrator(machine));
  if (api === null) return API_AWAY;
  const deployment = api.get({ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name, namespace } });
  if (deployment === undefined) return 'NotFound';
  const working = ['kube-controller-manager', 'kube-scheduler'].every((each) => machine.isActive(each));
  const image = /"image":"([^"]*)"/.exec(JSON.stringify(deployment))?.[1] ?? '';
  const places = machine.cluster.machines().filter((each) => isReady(each) && each.images.has(image));
  return unless(working && places.length > 0, '0 of 2 replicas are ready');
}

const waiting = shape`hw_check() {
${text}
}
hw_evidence() {
${text}
}
hw_limit=${word}
hw_end=$(( $(date +%s) + hw_limit ))
while :; do
  hw_reason=$( (hw_check) 2>&1 </dev/null ) && exit 0
  [ "$(date +%s)" -ge "$hw_end" ] && break
  sleep 0.1
done
{
  printf '%s\n' "$hw_reason" | tail -n 1
  (hw_evidence) 2>&1 </dev/null
} | {
${text}
}
exit 1`;

const understood = remembering((whole) => {
  const row: Known<null, { check: string; limit: number }> = {
    shape: waiting,
    act: (_, check = '', __ = '', limit = '') => ({ check, limit: Number(limit) }),
  };
  const [call] = callsIn('waiting', [row], whole);
  const { check, limit } = call?.make(null) ?? { check: '', limit: 0 };
  const [condition, ...more] = callsIn('condition', table, check);
  if (condition === undefined || more.length > 0) throw new UnknownScript(`not one condition:\n${check}`);
  return { condition, limit };
});

/** Why the condition does not hold, or null; waits for it when it may wait. */
export async function reasonFor(machine: ModelMachine, whole: string): Promise<string | null> {
  const { condition, limit } = understood(whole);
  const now = (): string | null => (machine.on ? condition.make(machine) : 'the machine is gone');
  return limit === 0 ? now() : machine.cluster.wait(now);
}
