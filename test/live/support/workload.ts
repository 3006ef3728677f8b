import type { Lab } from './lab.ts';
import { image } from './probe.ts';

const name = 'steady';
const labels = { app: name };

/** Three replicas of which one may be away at any time, by their own disruption budget. */
export const workload = {
  apiVersion: 'v1',
  kind: 'List',
  items: [
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name },
      spec: {
        replicas: 3,
        selector: { matchLabels: labels },
        strategy: { rollingUpdate: { maxUnavailable: 1, maxSurge: 0 } },
        template: {
          metadata: { labels },
          spec: {
            terminationGracePeriodSeconds: 0,
            topologySpreadConstraints: [
              {
                maxSkew: 1,
                topologyKey: 'kubernetes.io/hostname',
                whenUnsatisfiable: 'ScheduleAnyway',
                labelSelector: { matchLabels: labels },
              },
            ],
            containers: [
              {
                name,
                image,
                imagePullPolicy: 'Never',
                args: ['httpd', '-f', '-p', '8080', '-h', '/www'],
                readinessProbe: { httpGet: { path: '/', port: 8080 }, periodSeconds: 1 },
              },
            ],
          },
        },
      },
    },
    {
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      metadata: { name },
      spec: { maxUnavailable: 1, selector: { matchLabels: labels } },
    },
  ],
};

export const ready = async (lab: Lab): Promise<number> =>
  Number(await lab.kubectl(['get', 'deployment', name, '-o', 'jsonpath={.status.readyReplicas}']));

/** The lowest number of ready replicas that was seen while `act` ran, asked several times a second. */
export async function lowest(lab: Lab, act: () => Promise<unknown>): Promise<number> {
  const seen: number[] = [];
  let over = false;
  const watching = (async () => {
    while (!over) {
      seen.push(await ready(lab).catch(() => Infinity));
      await new Promise((resolve) => setTimeout(resolve, 150));
    }
  })();
  await act().finally(() => (over = true));
  await watching;
  return Math.min(...seen);
}

export const spread = async (lab: Lab): Promise<string[]> => {
  const text = await lab.kubectl([
    'get',
    'pods',
    '-l',
    `app=${name}`,
    '-o',
    'jsonpath={range .items[*]}{.spec.nodeName}{"\\n"}{end}',
  ]);
  return text.trim().split('\n').sort();
};
