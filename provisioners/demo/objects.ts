import { account, claim, onVolume, podSpec } from '../probes/objects.ts';
import { imageFor } from '../probes/image.ts';
import { namespaceOf } from '../probes/site.ts';
import type { Manifest } from '../resources/manifest.ts';

export const NAMESPACE = 'hardway-demo';
export const PURPOSE = 'demo';
export const FRONTS = 2;

const image = imageFor(PURPOSE);

/** The page and its database; on a volume when the cluster has a class for it. */
export const objects = (hasClass: boolean): Manifest[] => [
  namespaceOf(NAMESPACE, PURPOSE),
  account(NAMESPACE),
  ...(hasClass ? [claim(NAMESPACE, '64Mi')] : []),
  deployment('database', 1, {
    // Its volume can be used by one at a time.
    strategy: { type: 'Recreate' },
    pod: podSpec(
      { image, args: ['database', '/data'], mount: '/data', ready: '/counters/visitors' },
      hasClass ? onVolume : { volumes: [{ name: 'data', emptyDir: {} }] },
    ),
  }),
  service('database'),
  deployment('front', FRONTS, {
    pod: podSpec({
      ...{ image, args: ['front'], ready: '/healthz' },
      env: [{ name: 'DATABASE', value: 'database:8080' }],
    }),
  }),
  service('front'),
];

const deployment = (
  name: string,
  replicas: number,
  { pod, ...more }: { pod: object; strategy?: object },
): Manifest => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name, namespace: NAMESPACE },
  spec: {
    ...{ replicas, selector: { matchLabels: { demo: name } }, ...more },
    template: { metadata: { labels: { demo: name } }, spec: pod },
  },
});

const service = (name: string): Manifest => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name, namespace: NAMESPACE },
  spec: { selector: { demo: name }, ports: [{ port: name === 'front' ? 80 : 8080, targetPort: 8080 }] },
});

/** Leads a host name to the page, through a Gateway that is there. */
export const route = (host: string, gateway: Gateway): Manifest => ({
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'HTTPRoute',
  metadata: { name: 'front', namespace: NAMESPACE },
  spec: {
    parentRefs: [{ name: gateway.name, namespace: gateway.namespace }],
    hostnames: [host],
    rules: [{ backendRefs: [{ name: 'front', port: 80 }] }],
  },
});

export interface Gateway {
  readonly namespace: string;
  readonly name: string;
  /** Where it is reached; empty: nowhere yet. */
  readonly address: string;
  readonly port: number;
}
