import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { dockerArchive } from '../../../src/artefacts/image.ts';
import type { Lab } from './lab.ts';

export const namespace = 'hardway-test';
export const image = 'hardway.test/busybox:1';
const BUSYBOX = '/bin/busybox';

/** One pod on each node that serves HTTP and answers commands; its image is made here, no registry is asked. */
export async function deployProbe(lab: Lab, machines: readonly string[]): Promise<void> {
  if (!existsSync(BUSYBOX))
    execFileSync('apt-get', ['install', '-y', '-q', 'busybox-static'], { stdio: 'ignore' });
  for (const machine of machines) await importImage(lab, machine);
  await lab.kubectl(
    ['apply', '-f', '-'],
    JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects() }),
  );
  await lab.kubectl(['rollout', 'status', 'daemonset/probe', '--namespace', namespace, '--timeout=90s']);
}

export async function importImage(lab: Lab, machine: string): Promise<void> {
  const archive = dockerArchive({
    reference: image,
    files: [
      { path: '/bin/busybox', content: { file: BUSYBOX }, mode: 0o755 },
      { path: '/www/index.html', content: Buffer.from('here\n'), mode: 0o644 },
      { path: '/www/large', content: Buffer.alloc(3_000_000, 'x'), mode: 0o644 },
    ],
    entrypoint: ['/bin/busybox'],
    architecture: 'amd64',
  });
  const digest = createHash('sha256').update(archive).digest('hex');
  const script = `base64 -d > /tmp/probe.tar <<'EOF'\n${archive.toString('base64')}\nEOF
sha256sum /tmp/probe.tar | grep -q ${digest} && ctr -n k8s.io images import /tmp/probe.tar; rm /tmp/probe.tar`;
  const result = await lab.on(machine, script);
  if (!result.ok) throw new Error(`${machine}: ${result.stderr}`);
}

function objects(): object[] {
  const labels = { app: 'probe' };
  const ports = [{ port: 80, targetPort: 8080 }];
  const service = (name: string, extra: object) => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace },
    spec: { selector: labels, ports, ...extra },
  });
  return [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
    service('probe', {}),
    service('probe-node-port', {
      type: 'NodePort',
      ports: [{ port: 80, targetPort: 8080, nodePort: 30080 }],
    }),
    {
      apiVersion: 'apps/v1',
      kind: 'DaemonSet',
      metadata: { name: 'probe', namespace },
      spec: {
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: {
            tolerations: [{ operator: 'Exists' }],
            terminationGracePeriodSeconds: 0,
            containers: [
              {
                name: 'probe',
                image,
                imagePullPolicy: 'Never',
                args: ['httpd', '-f', '-v', '-p', '8080', '-h', '/www'],
                readinessProbe: { httpGet: { path: '/', port: 8080 }, periodSeconds: 1 },
              },
            ],
          },
        },
      },
    },
  ];
}

export interface ProbePod {
  readonly name: string;
  readonly node: string;
  readonly ip: string;
}

export async function probePods(lab: Lab): Promise<ProbePod[]> {
  const template = '{range .items[*]}{.metadata.name} {.spec.nodeName} {.status.podIP}{"\\n"}{end}';
  const rows = await lab.kubectl([
    'get',
    'pods',
    '-n',
    namespace,
    '-l',
    'app=probe',
    '-o',
    `jsonpath=${template}`,
  ]);
  return rows
    .trim()
    .split('\n')
    .map((row) => row.split(' '))
    .map(([name = '', node = '', ip = '']) => ({ name, node, ip }));
}

/** Runs a busybox applet in a pod; throws when it fails. */
export const inPod = (lab: Lab, pod: ProbePod, ...args: string[]): Promise<string> =>
  lab.kubectl(['exec', '-n', namespace, pod.name, '--', '/bin/busybox', ...args]);
