import { request } from 'node:http';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { builtIn } from '../../provisioners/addons/built-in.ts';
import { knownArtefacts } from '../../provisioners/known-artefacts.ts';
import { preparePki } from '../../provisioners/pki.ts';
import type { Manifest } from '../../provisioners/resources/manifest.ts';
import { loadCluster } from '../../src/cluster/load.ts';
import { standing } from './support/bring-up.ts';
import { told } from './support/changes.ts';
import { command } from './support/command.ts';
import { makeLab } from './support/lab.ts';
import { reboot } from './support/power.ts';
import { importImage, image } from './support/probe.ts';
import { knock, operator, push } from './support/push.ts';

const lab = makeLab('hwt-parts', '192.168.90.0/24');
const machines = ['master', 'minion-1', 'minion-2'];
const REGISTRY = '192.168.90.101:30500';
const addons = {
  coredns: true,
  'metrics-server': true,
  'local-path': true,
  registry: true,
  metallb: { addresses: ['192.168.90.200-192.168.90.210'] },
  traefik: true,
};

/** What the add-ons of the description make. */
async function objectsOf(names: readonly string[]): Promise<Manifest[]> {
  const cluster = loadCluster(join(lab.folder, 'cluster.json'));
  const pki = await preparePki(cluster, join(lab.folder, '.hardway', 'pki'), false);
  const scope = { cluster, pki, artefacts: knownArtefacts(cluster) };
  return names.flatMap((name) => builtIn[name]?.objects(scope) ?? []);
}

const listOf = (items: readonly object[]): string =>
  JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
const apply = (...items: object[]): Promise<string> => lab.kubectl(['apply', '-f', '-'], listOf(items));

async function until<T>(seconds: number, ask: () => Promise<T>, holds: (found: T) => boolean): Promise<T> {
  for (const began = Date.now(); ; await new Promise((resolve) => setTimeout(resolve, 500))) {
    const found = await ask().catch((error: unknown) => error as T);
    if (holds(found)) return found;
    if (Date.now() - began > seconds * 1000)
      throw new Error(`not within ${seconds} s; last: ${String(found)}`);
  }
}

/** Status and text under a host name, from this host. */
const get = (address: string, host: string, port = 80): Promise<string> =>
  new Promise((resolve, reject) => {
    const asked = request(
      { host: address, port, headers: { host }, agent: false, timeout: 5000 },
      (response) => {
        const parts: Buffer[] = [];
        response.on('data', (part: Buffer) => parts.push(part));
        response.once('end', () => resolve(`${response.statusCode} ${Buffer.concat(parts).toString()}`));
      },
    );
    asked.once('timeout', () => asked.destroy(new Error('silence')));
    asked.once('error', reject);
    asked.end();
  });

standing(lab, () =>
  lab.edit((description) => {
    description['addons'] = addons;
  }),
);

it('all of them are well, a second run has nothing to do, and the machines stay closed', async () => {
  const plan = await told(lab, 'plan');
  expect([plan.code, plan.changes], plan.output).toEqual([0, []]);
  const ports = await lab.hardway('verify', 'ports');
  expect(ports.code, ports.output).toBe(0);
  const { output } = await lab.hardway('verify', 'security', '--json');
  const { findings } = JSON.parse(output) as { findings: { is: string; found: string; remedy?: string }[] };
  const wrong = findings.filter(({ is, remedy }) => is === 'wrong' && remedy !== 'security.profile');
  expect(wrong).toEqual([]);
});

it('metrics: kubectl top lists every node, over verified connections', async () => {
  const top = await until(
    60,
    () => lab.kubectl(['top', 'nodes', '--no-headers']),
    (text) => {
      return machines.every((name) => String(text).includes(name)) && !String(text).includes('unknown');
    },
  );
  expect(top.trim().split('\n')).toHaveLength(3);
  const running = await lab.kubectl(['get', 'pods,apiservices', '--all-namespaces', '-o', 'json']);
  expect(running).not.toMatch(/insecure-tls|"insecureSkipTLSVerify": true/);
});

describe('storage', () => {
  const pod = (name: string, ...args: string[]): object => ({
    ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name } },
    spec: {
      ...{ restartPolicy: 'Never', terminationGracePeriodSeconds: 0 },
      securityContext: { runAsUser: 1000 },
      containers: [
        { name, image, imagePullPolicy: 'Never', args, volumeMounts: [{ name: 'data', mountPath: '/data' }] },
      ],
      volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }],
    },
  });
  const finished = (name: string) =>
    lab.kubectl(['wait', `pod/${name}`, '--for=jsonpath={.status.phase}=Succeeded', '--timeout=90s']);

  it('a claim binds; what was written outlives its pod and a reboot of the node', async () => {
    await Promise.all(machines.map((machine) => importImage(lab, machine)));
    const claim = {
      ...{ apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'data' } },
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Mi' } } },
    };
    await apply(claim, pod('writer', 'sh', '-c', 'echo kept > /data/file'));
    await finished('writer');
    const node = await lab.kubectl(['get', 'pod', 'writer', '-o', 'jsonpath={.spec.nodeName}']);
    await lab.kubectl(['delete', 'pod', 'writer', '--wait']);
    await reboot(lab, node);
    await apply(pod('reader', 'cat', '/data/file'));
    await finished('reader');
    expect(await lab.kubectl(['logs', 'reader'])).toBe('kept\n');
  });

  it('its folder goes with the claim', async () => {
    const path = await lab.kubectl(['get', 'pv', '-o', 'jsonpath={.items[*].spec.hostPath.path}']);
    const node = await lab.kubectl(['get', 'pod', 'reader', '-o', 'jsonpath={.spec.nodeName}']);
    expect((await lab.on(node, `cat ${path}/file`)).stdout).toBe('kept\n');
    await lab.kubectl(['delete', 'pod/reader', 'pvc/data', '--wait']);
    await until(
      60,
      () => lab.on(node, `test -e ${path}`),
      ({ ok }) => ok === false,
    );
  });
});

describe('the registry', () => {
  const labels = { app: 'pushed' };
  const everywhere = {
    ...{ apiVersion: 'apps/v1', kind: 'DaemonSet', metadata: { name: 'pushed' } },
    spec: {
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          ...{ tolerations: [{ operator: 'Exists' }], terminationGracePeriodSeconds: 0 },
          containers: [
            {
              ...{ name: 'pushed', image: `${REGISTRY}/team/busybox:1`, imagePullPolicy: 'Always' },
              args: ['httpd', '-f', '-p', '8080', '-h', '/www'],
              readinessProbe: { httpGet: { path: '/', port: 8080 }, periodSeconds: 1 },
            },
          ],
        },
      },
    },
  };

  it('an image pushed from here runs on every node', async () => {
    await push(REGISTRY, 'team/busybox', '/bin/busybox', operator(lab));
    await apply(everywhere);
    await lab.kubectl(['rollout', 'status', 'daemonset/pushed', '--timeout=90s']);
  });

  it('whoever shows no certificate of the cluster is refused', async () => {
    const { ca } = operator(lab);
    await expect(knock(REGISTRY, { ca })).rejects.toThrow(/certificate required|alert|ECONNRESET/i);
    expect((await knock(REGISTRY, operator(lab))).status).toBe(200);
  });

  it('a node without the trust entry refuses it, until the next run', async () => {
    const entry = `/etc/containerd/certs.d/${REGISTRY}/hosts.toml`;
    const here = { ...everywhere.spec.template.spec, nodeName: 'minion-2' };
    await lab.on('minion-2', `rm ${entry}`);
    await apply({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'pulled' }, spec: here });
    const why = '{.status.containerStatuses[0].state.waiting.message}';
    await until(
      60,
      () => lab.kubectl(['get', 'pod', 'pulled', '-o', `jsonpath=${why}`]),
      (text) => /unknown authority/.test(String(text)),
    );
    const up = await told(lab, 'up');
    expect([up.code, up.changes], up.output).toEqual([0, [`minion-2 file:${entry}`]]);
    await lab.kubectl(['wait', 'pod/pulled', '--for=condition=Ready', '--timeout=120s']);
    await lab.kubectl(['delete', 'pod/pulled']);
  });
});

describe('from outside', () => {
  const service = {
    ...{ apiVersion: 'v1', kind: 'Service', metadata: { name: 'shop' } },
    spec: { selector: { app: 'pushed' }, ports: [{ port: 80, targetPort: 8080 }] },
  };
  const route = {
    ...{ apiVersion: 'gateway.networking.k8s.io/v1', kind: 'HTTPRoute', metadata: { name: 'shop' } },
    spec: {
      parentRefs: [{ name: 'hardway', namespace: 'traefik' }],
      hostnames: ['shop.test'],
      rules: [{ backendRefs: [{ name: 'shop', port: 80 }] }],
    },
  };
  const gateway = (): Promise<string> =>
    lab.kubectl(['get', 'gateway/hardway', '-n', 'traefik', '-o', 'jsonpath={.status.addresses[0].value}']);

  it('the right host name reaches the service at an address of MetalLB, another gives 404', async () => {
    await apply(service, route);
    const address = await until(30, gateway, (text) => /^192\.168\.90\.20\d$/.test(String(text)));
    await until(
      30,
      () => get(address, 'shop.test'),
      (answer) => String(answer).startsWith('200 <h1>from our'),
    );
    expect(await get(address, 'other.test')).toMatch(/^404 /);
  });

  /** What a browser on this host makes of a page behind the Gateway. */
  const opened = async (url: string): Promise<string> => {
    const rules = `--host-resolver-rules=MAP ${new URL(url).hostname} ${await gateway()}`;
    const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', rules];
    const { output } = await command('chromium', [...flags, '--dump-dom', url], {
      cwd: lab.folder,
      seconds: 60,
    });
    return output;
  };

  it('a browser on this host opens the page', async () => {
    expect(await opened('http://shop.test/')).toContain('<h1>from our registry</h1>');
  });

  it('and that of the demo, which counts its visitors in a database', async () => {
    const { code, output } = await lab.hardway('demo', '--keep');
    expect(code, output).toBe(0);
    const url = /http:\/\/demo\.\S+/.exec(output)?.[0] ?? '';
    expect(await opened(url), output).toMatch(/You are visitor <b id="visitor">\d+<\/b>/);
    const removed = await lab.hardway('demo', '--remove');
    expect(removed.code, removed.output).toBe(0);
  });

  it('without MetalLB it has a port of the machines that are named', async () => {
    lab.edit((description) => {
      description['addons'] = { ...addons, metallb: false, traefik: { nodes: ['minion-2'], port: 8080 } };
    });
    const up = await lab.hardway('up');
    expect(up.code, up.output).toBe(0);
    const [minion1, minion2] = ['192.168.90.101', '192.168.90.102'];
    await until(
      30,
      () => get(minion2, 'shop.test', 8080),
      (answer) => String(answer).startsWith('200 '),
    );
    expect(await get(minion2, 'other.test', 8080)).toMatch(/^404 /);
    await expect(get(minion1, 'shop.test', 8080)).rejects.toThrow(/ECONNREFUSED/);
    expect(await gateway()).toBe(minion2);
  });
});

it.each([['headlamp', 'ghcr.io']])('%s: the API server takes what it is made of', async (name, from) => {
  const objects = await objectsOf([name]);
  const [namespace] = objects;
  const apply = (dry: readonly string[], items: readonly object[]): Promise<string> =>
    lab.kubectl(['apply', '--server-side', ...dry, '--validate=strict', '-f', '-'], listOf(items));
  await apply([], [namespace ?? {}]);
  try {
    const said = await apply(['--dry-run=server'], objects);
    expect(said.match(/ serverside-applied \(server dry run\)$/gm), said).toHaveLength(objects.length);
    // Where all is allowed it is told what stricter rules would say.
    const level = namespace?.metadata.labels?.['pod-security.kubernetes.io/enforce'];
    expect(said.includes('would violate PodSecurity'), said).toBe(level === 'privileged');
  } finally {
    await lab.kubectl(['delete', 'namespace', namespace?.metadata.name ?? '']);
  }
  console.log(`${name}: its image could not run here, for ${from} is not asked by these tests`);
});

it('off again: no object of them is left, and no machine trusts the registry', async () => {
  await lab.kubectl(['delete', 'httproute/shop', 'service/shop', 'daemonset/pushed']);
  const made = await objectsOf(Object.keys(addons).filter((name) => name !== 'coredns'));
  lab.edit((description) => {
    description['addons'] = { coredns: true };
  });
  const up = await lab.hardway('up');
  expect(up.code, up.output).toBe(0);
  const kinds = await lab.kubectl(['api-resources', '--no-headers', '-o', 'name']);
  const known = made.filter(({ apiVersion }) => !/gateway\.networking|metallb/.test(apiVersion));
  const ask = ['get', '--ignore-not-found', '-o', 'name', '-f', '-'];
  expect(await lab.kubectl(ask, listOf(known))).toBe('');
  expect(kinds).not.toMatch(/gateway\.networking|metallb/);
  for (const machine of machines) {
    expect((await lab.on(machine, 'ls /etc/containerd/certs.d')).stdout).toBe('');
  }
});

it('on again: all of them are well as on the first day', async () => {
  lab.edit((description) => {
    description['addons'] = addons;
  });
  const up = await lab.hardway('up');
  expect(up.code, up.output).toBe(0);
  const status = await lab.hardway('status');
  expect(status.code, status.output).toBe(0);
  expect((await told(lab, 'plan')).changes).toEqual([]);
});
