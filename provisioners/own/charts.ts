import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Chart, Cluster } from '../../src/cluster/model.ts';
import { asError } from '../../src/engine/as-error.ts';
import { HardwayError } from '../../src/errors.ts';
import type { Manifest } from '../resources/manifest.ts';
import { readDocuments } from './documents.ts';
import type { Own } from './own-object.ts';
import type { Tools } from './tools.ts';

/** Charts are rendered here, one after the other; nothing of Helm's is in the cluster. */
export async function readCharts(cluster: Cluster, folder: string, tools: Tools): Promise<Own[]> {
  const all: Own[] = [];
  for (const [name, chart] of Object.entries(cluster.charts)) {
    const source = `chart ${name}`;
    try {
      const text = await rendered(cluster, name, await located(chart, folder), tools);
      all.push(inNamespace(readDocuments(source, text), chart.namespace, source));
    } catch (error) {
      all.push({ objects: [], refused: [{ source, error: asError(error) as HardwayError }] });
    }
  }
  return all;
}

interface Located {
  readonly chart: Chart;
  /** What helm is told: a folder, a file, or oci:// with a digest. */
  readonly path: string;
}

/** A chart of this computer's, or one that its reference pins; a download is checked before it is opened. */
async function located(chart: Chart, folder: string): Promise<Located> {
  if (chart.chart.startsWith('oci://')) return { chart, path: chart.chart };
  if (!chart.chart.startsWith('https://')) {
    const path = resolve(folder, chart.chart);
    if (!existsSync(path)) throw new HardwayError('ADDON', `there is no chart ${path}`);
    return { chart, path };
  }
  const response = await fetch(chart.chart, { signal: AbortSignal.timeout(PATIENCE) });
  if (!response.ok)
    throw new HardwayError('ADDON', `${chart.chart}: ${response.status} ${response.statusText}`);
  const bytes = Buffer.from(await response.arrayBuffer());
  const digest = createHash('sha256').update(bytes).digest('hex');
  if (digest !== chart.sha256) {
    throw new HardwayError('ADDON', `${chart.chart} is not what cluster.json pins`, {
      evidence: [`its sha256: ${digest}`, `pinned:     ${chart.sha256}`],
    });
  }
  const path = join(await mkdtemp(join(tmpdir(), 'hardway-chart-')), 'chart.tgz');
  await writeFile(path, bytes);
  return { chart, path };
}

/** Milliseconds for one download. */
const PATIENCE = 60_000;

async function rendered(
  cluster: Cluster,
  name: string,
  { chart, path }: Located,
  tools: Tools,
): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), 'hardway-helm-'));
  try {
    const options = ['--namespace', chart.namespace, '--include-crds', '--no-hooks', '--values', '-'];
    const version = ['--kube-version', cluster.kubernetes.version];
    return await tools.helm(
      ['template', name, path, ...options, ...version],
      JSON.stringify(chart.values),
      home,
    );
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

/** Of the kinds that every cluster has, those that lie in no namespace. */
const CLUSTER_WIDE =
  /^(Namespace|Node|PersistentVolume|ClusterRole|ClusterRoleBinding|CustomResourceDefinition|StorageClass|VolumeAttributesClass|CSIDriver|CSINode|PriorityClass|RuntimeClass|IngressClass|GatewayClass|APIService|CertificateSigningRequest|ClusterTrustBundle|(Validating|Mutating)(WebhookConfiguration|AdmissionPolicy|AdmissionPolicyBinding)|FlowSchema|PriorityLevelConfiguration|ServiceCIDR|IPAddress|DeviceClass|ResourceSlice)$/;

/** As `helm install --namespace --create-namespace` would have it. */
function inNamespace({ objects, refused }: Own, namespace: string, source: string): Own {
  const wide = new Set(objects.flatMap(({ manifest }) => wideKind(manifest)));
  const placed = objects.map((object) => {
    const { kind, metadata } = object.manifest;
    const isPlaced = metadata.namespace !== undefined || CLUSTER_WIDE.test(kind) || wide.has(kind);
    return isPlaced
      ? object
      : { ...object, manifest: { ...object.manifest, metadata: { ...metadata, namespace } } };
  });
  const has = objects.some(
    ({ manifest }) => manifest.kind === 'Namespace' && manifest.metadata.name === namespace,
  );
  const made = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } };
  const standing = ['default', 'kube-system', 'kube-public', 'kube-node-lease'].includes(namespace);
  const own = { source, place: source, manifest: made };
  return { objects: has || standing || objects.length === 0 ? placed : [own, ...placed], refused };
}

/** A kind of the chart's own that lies in no namespace. */
function wideKind({ kind, spec }: Manifest): string[] {
  const { scope, names } = (spec ?? {}) as { scope?: string; names?: { kind?: string } };
  return kind === 'CustomResourceDefinition' && scope === 'Cluster' && names?.kind !== undefined
    ? [names.kind]
    : [];
}
