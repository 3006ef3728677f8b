import { describe, expect, it } from 'vitest';
import { derive } from '../../src/cluster/derive.ts';
import type { Description } from '../../src/cluster/description.ts';
import { addonsOf, builtIn } from '../../provisioners/addons/built-in.ts';
import { openNamespaces } from '../../provisioners/addons/exceptions.ts';
import { doorsOf } from '../../provisioners/doors.ts';
import type { Manifest } from '../../provisioners/resources/manifest.ts';
import { fakeArtefacts, placeholders } from './scratch.ts';

const everything = {
  coredns: true,
  'metrics-server': true,
  'local-path': true,
  registry: true,
  metallb: { addresses: ['192.168.56.200-192.168.56.220'] },
  traefik: true,
  headlamp: true,
  'network-policy': true,
};

const clusterWith = (addons: Description['addons']) => derive({ addons } as Description, '/');

const objectsWith = (addons: Description['addons'], name: string): Manifest[] => {
  const cluster = clusterWith(addons);
  const artefacts = fakeArtefacts(Object.keys(addons ?? {}));
  return builtIn[name]?.objects({ cluster, artefacts, pki: placeholders }) ?? [];
};

interface Pod {
  readonly hostNetwork?: boolean;
  readonly securityContext?: Readonly<Record<string, unknown>>;
  readonly containers: readonly {
    readonly image: string;
    readonly imagePullPolicy: string;
    readonly resources: { readonly requests: object; readonly limits: object };
    readonly securityContext: Readonly<Record<string, unknown>>;
    readonly ports?: readonly { readonly hostPort?: number }[];
  }[];
}

const podsOf = (objects: readonly Manifest[]): Pod[] =>
  objects.flatMap(({ spec }) => (spec as { template?: { spec: Pod } } | undefined)?.template?.spec ?? []);

it('the table names each add-on of the schema', () => {
  expect(Object.keys(builtIn).sort()).toEqual(Object.keys(everything).sort());
  expect(
    addonsOf(clusterWith({ coredns: true, registry: false, traefik: true })).map(([name]) => name),
  ).toEqual(['coredns', 'traefik']);
});

describe.each(Object.keys(everything).filter((name) => name !== 'coredns'))('%s', (name) => {
  const objects = objectsWith(everything, name);
  const namespaces = objects.filter(({ kind }) => kind === 'Namespace');

  it('names each object once, and has a namespace of its own, made first', () => {
    const names = objects.map(({ kind, metadata }) => `${kind} ${metadata.namespace ?? ''}/${metadata.name}`);
    expect([...new Set(names)]).toEqual(names);
    expect(objects[0]?.kind).toBe('Namespace');
    expect(namespaces).toHaveLength(1);
  });

  it('says which pods its namespace takes; all is allowed only where it is known why', () => {
    const [namespace] = namespaces;
    const level = namespace?.metadata.labels?.['pod-security.kubernetes.io/enforce'];
    expect(['restricted', 'privileged']).toContain(level);
    if (level === 'privileged') expect(openNamespaces).toHaveProperty(namespace?.metadata.name ?? '');
  });

  it('runs the images that it names, confined', () => {
    const pods = podsOf(objects);
    expect(pods.length).toBeGreaterThan(0);
    for (const { securityContext, containers } of pods) {
      expect(securityContext).toMatchObject({ seccompProfile: { type: 'RuntimeDefault' } });
      for (const container of containers) {
        expect(container.image).toMatch(/^[a-z.0-9]+\/.+:v?[0-9.]+$/);
        expect(container.imagePullPolicy).toBe('IfNotPresent');
        expect(container.securityContext).toMatchObject({ readOnlyRootFilesystem: true });
        expect(container.resources).toMatchObject({ requests: { cpu: expect.any(String) }, limits: {} });
      }
    }
  });

  it('has images in the lock, or says where they are from', () => {
    const artefacts = fakeArtefacts([name]);
    for (const image of builtIn[name]?.images ?? []) expect(artefacts.get(image).kind).toBe('image');
  });

  it('gives nobody everything', () => {
    const rules = objects.flatMap(({ rules = [] }) => rules as { verbs: string[]; resources: string[] }[]);
    for (const { verbs, resources } of rules) expect([...verbs, ...resources]).not.toContain('*');
    const roles = objects.map(({ roleRef }) => (roleRef as { name: string } | undefined)?.name);
    expect(roles).not.toContain('cluster-admin');
  });
});

it('metrics-server verifies the kubelets, and is verified', () => {
  const objects = objectsWith({ 'metrics-server': true }, 'metrics-server');
  const text = JSON.stringify(objects);
  expect(text).toContain('--kubelet-certificate-authority=');
  expect(text).not.toMatch(/insecure/i);
  const service = objects.find(({ kind }) => kind === 'APIService');
  const trust = Buffer.from('<certificate of authority ca>\n').toString('base64');
  expect(service).toMatchObject({ spec: { caBundle: trust } });
});

it.each([
  [
    'without MetalLB has a port of its machines',
    { traefik: { port: 8080 } },
    8080,
    'ClusterIP',
    'privileged',
  ],
  [
    'with MetalLB has an address',
    { traefik: true, metallb: everything.metallb },
    undefined,
    'LoadBalancer',
    'restricted',
  ],
] as const)('Traefik %s', (_, addons, hostPort, type, level) => {
  const objects = objectsWith(addons as Description['addons'], 'traefik');
  expect(podsOf(objects)[0]?.containers[0]?.ports?.[0]?.hostPort).toBe(hostPort);
  expect(objects.find(({ kind }) => kind === 'Service')).toMatchObject({ spec: { type } });
  expect(objects[0]).toMatchObject({ metadata: { labels: { 'pod-security.kubernetes.io/enforce': level } } });
});

it('the registry is at the address of the machine that keeps it, and another machine has another volume', () => {
  const volume = (addons: Description['addons']) =>
    objectsWith(addons, 'registry').find(({ kind }) => kind === 'PersistentVolume')?.metadata.name;
  expect(volume({ registry: true })).toBe('registry-minion-1');
  expect(volume({ registry: { node: 'minion-2' } })).toBe('registry-minion-2');
});

it('the port of MetalLB’s speakers is a door only where it is on', () => {
  const portsWith = (addons: Description['addons']): number[] => {
    const cluster = clusterWith(addons);
    return cluster.nodes
      .flatMap((node) => doorsOf(cluster, node))
      .flatMap(({ from }) => (from === 7946 ? [from] : []));
  };
  expect(portsWith({ metallb: everything.metallb })).toHaveLength(6);
  expect(portsWith({ traefik: true })).toEqual([]);
});
