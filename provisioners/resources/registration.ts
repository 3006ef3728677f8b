import { type Script, sh, verbatim } from '../../src/connection/quote.ts';
import { type Answer, type Resource, type State, unknown } from '../../src/engine/resource.ts';
import { command } from '../../src/resources/command.ts';
import { kubectl } from './manifest.ts';

/** Says that a node was taken out of service by a run and not by a person; whoever finds it may put it back. */
export const CORDONED = 'hardway.dev/cordoned';

/** Seconds after which a pod whose machine has gone is no longer waited for. */
const LOST = 5;

/** A Node that must not be there any more. Its pods are moved first, as their disruption budgets allow. */
export const registration = (name: string, seconds: number, reachable: boolean): Resource => ({
  id: `node:${name}`,
  desired: null,
  question: command(forecast(name), parseForecast),
  steps: () => [
    {
      run: sh`${verbatim(drain(name, 'leaving', seconds, reachable))}
${kubectl} delete node ${name}`,
      limit: seconds,
    },
  ],
  disturbs: consequences,
  why: 'It is no longer in cluster.json.',
});

/** Moves all pods away; when that is not possible in time the node is put back into service. Exit 1 then. */
export const drain = (name: string, reason: string, seconds: number, reachable: boolean): Script => {
  const impatience = reachable ? [] : [`--skip-wait-for-delete-timeout=${LOST}`];
  return sh`${kubectl} annotate node ${name} --overwrite ${`${CORDONED}=${reason}`} >/dev/null
if ! ${kubectl} drain ${name} --ignore-daemonsets --delete-emptydir-data --force ${`--timeout=${seconds}s`} ${impatience} >&2; then
  ${verbatim(backInService(name))}
  exit 1
fi`;
};

export const backInService = (name: string): Script =>
  sh`${kubectl} uncordon ${name} >&2 && ${kubectl} annotate node ${name} ${`${CORDONED}-`} >/dev/null`;

const podColumns = [
  '{.metadata.namespace}/{.metadata.name}',
  '{.metadata.ownerReferences[0].kind}',
  '{.metadata.annotations.kubernetes\\.io/config\\.mirror}',
  '{.metadata.namespace}',
  '{.metadata.labels}',
];
const budgetColumns = [
  '{.metadata.namespace}/{.metadata.name}',
  '{.status.disruptionsAllowed}',
  '{.metadata.namespace}',
  '{.spec.selector.matchLabels}',
];
const rows = (kind: string, columns: readonly string[]): string =>
  `{range .items[*]}${kind}|${columns.join('|')}{"\\n"}{end}`;

const forecast = (name: string): Script =>
  sh`[ -e /etc/kubernetes/admin.conf ] || exit 0
{ ${kubectl} get node ${name} --ignore-not-found --request-timeout=5s -o name &&
  ${kubectl} get pods --all-namespaces --field-selector ${`spec.nodeName=${name}`} --request-timeout=5s -o jsonpath=${rows('pod', podColumns)} &&
  ${kubectl} get poddisruptionbudgets --all-namespaces --request-timeout=5s -o jsonpath=${rows('budget', budgetColumns)} &&
  echo answered; } 2>/dev/null
true`;

interface Pod {
  readonly name: string;
  readonly owner: string;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** What would happen to whom, so that it can be told before it is done. */
function parseForecast(output: string): Answer {
  if (!output.endsWith('answered')) return unknown;
  if (!output.startsWith('node/')) return null;
  const table = (kind: string): string[][] =>
    output
      .split('\n')
      .filter((line) => line.startsWith(`${kind}|`))
      .map((line) => line.split('|').slice(1));
  const pods = table('pod')
    .filter(([, owner, mirror]) => owner !== 'DaemonSet' && owner !== 'Node' && mirror === '')
    .map(([name = '', owner = '', , namespace = '', ...labels]): Pod => ({
      ...{ name, owner, namespace },
      labels: parseLabels(labels.join('|')),
    }));
  const budgets = table('budget')
    .filter(([, allowed, namespace, ...labels]) => {
      const selector = Object.entries(parseLabels(labels.join('|')));
      const covers = (pod: Pod): boolean =>
        pod.namespace === namespace && selector.every(([key, value]) => pod.labels[key] === value);
      return Number(allowed) === 0 && selector.length > 0 && pods.some(covers);
    })
    .map(([name = '']) => name);
  const names = (list: readonly Pod[]): string => list.map(({ name }) => name).join(' ');
  return {
    moved: names(pods.filter(({ owner }) => owner !== '')),
    lost: names(pods.filter(({ owner }) => owner === '')),
    held: budgets.join(' '),
  };
}

const parseLabels = (text: string): Readonly<Record<string, string>> =>
  text === '' ? {} : (JSON.parse(text) as Record<string, string>);

/** The forecast in words. */
export function consequences(now: State | null): string[] {
  const list = (key: string): string[] =>
    String(now?.[key] ?? '')
      .split(' ')
      .filter((name) => name !== '');
  const [moved, lost, held] = [list('moved'), list('lost'), list('held')];
  return [
    ...(moved.length > 0 ? [`moves ${count(moved.length)}: ${moved.join(', ')}`] : []),
    ...(lost.length > 0 ? [`ends ${count(lost.length)} that nothing starts again: ${lost.join(', ')}`] : []),
    ...(held.length > 0 ? [`waits for the disruption budget ${held.join(', ')}, which allows none now`] : []),
  ];
}

const count = (number: number): string => `${number} pod${number === 1 ? '' : 's'}`;
