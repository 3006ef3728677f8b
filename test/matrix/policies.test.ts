import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { standing } from '../live/support/bring-up.ts';
import { told } from '../live/support/changes.ts';
import { makeLab } from '../live/support/lab.ts';
import { reboot, wellAgain } from '../live/support/power.ts';
import { deployProbe, image } from '../live/support/probe.ts';

const NODES = ['master', 'minion-1'];

/** network.policy true: what NetworkPolicies forbid does not come through, by flannel and by routes. */
describe.each([
  ['scratch', 'flannel', 'nftables', '192.168.114.0/24'],
  ['scratch', 'routes', 'iptables', '192.168.115.0/24'],
  ['kubeadm', 'flannel', 'nftables', '192.168.116.0/24'],
])('policies by %s with %s and kube-proxy by %s', (flavour, cni, kubeProxy, range) => {
  const lab = makeLab(`hwt-policies-${flavour}-${cni}`, range);
  const on = async (machine: string, script: string): Promise<string> =>
    (await lab.on(machine, script)).stdout.trim();
  const apply = (...items: readonly object[]): Promise<string> =>
    lab.kubectl(['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
  const remove = (): Promise<string> => lab.kubectl(['delete', 'networkpolicy', '--all', '-n', 'shop']);
  const ips: Record<string, string> = {};

  /** namespace/name of a pod → its answer to the web pod, or to another address. */
  const comesThrough = async (pod: string, to = `${ips['shop/web']}:8080`): Promise<boolean> => {
    const [namespace = '', name = ''] = pod.split('/');
    const script = `busybox timeout 2 busybox wget -q -O /dev/null http://${to}/index.html && echo came || echo not`;
    const said = await lab.kubectl(['exec', '-n', namespace, name, '--', '/bin/busybox', 'sh', '-c', script]);
    return said.includes('came');
  };
  /** The callers that come through, of all three: on another node, on the same one, from another namespace. */
  const callers = async (to?: string): Promise<string[]> => {
    const all = ['shop/far', 'shop/near', 'ops/watcher'];
    const came = await Promise.all(all.map((pod) => comesThrough(pod, to)));
    return all.filter((_, index) => came[index]);
  };
  const EVERYBODY = ['shop/far', 'shop/near', 'ops/watcher'];

  standing(lab, () =>
    lab.edit((description) => {
      description.nodes = [
        { name: 'master', roles: ['etcd', 'master'], memory: 1536 },
        { name: 'minion', count: 1, roles: ['minion'], memory: 1536 },
      ];
      description['kubernetes'] = { flavour };
      Object.assign(description.network, { cni, kubeProxy, policy: true });
      delete description.network['flannel'];
    }),
  );

  beforeAll(async () => {
    await deployProbe(lab, NODES); // for its image
    await apply(
      ...['shop', 'ops'].map((name) => ({
        ...{ apiVersion: 'v1', kind: 'Namespace' },
        metadata: { name, labels: { team: name } },
      })),
      pod('shop/web', 'minion-1', [
        'sh',
        '-c',
        'busybox httpd -p 8080 -h /www; busybox httpd -p 9090 -h /www; busybox nc -ll -p 7000 -e /bin/busybox cat',
      ]),
      pod('shop/far', 'master', ['sleep', '9999']),
      pod('shop/near', 'minion-1', ['sleep', '9999']),
      pod('ops/watcher', 'master', ['sleep', '9999']),
      {
        ...{ apiVersion: 'v1', kind: 'Service', metadata: { name: 'web', namespace: 'shop' } },
        spec: { selector: { app: 'web' }, ports: [{ port: 8080 }] },
      },
    );
    for (const namespace of ['shop', 'ops']) {
      await lab.kubectl(['wait', '--for=condition=Ready', 'pod', '--all', '-n', namespace, '--timeout=60s']);
      const row = '{range .items[*]}{.metadata.namespace}/{.metadata.name} {.status.podIP}{"\\n"}{end}';
      const rows = await lab.kubectl(['get', 'pods', '-n', namespace, '-o', `jsonpath=${row}`]);
      for (const [name = '', ip = ''] of rows
        .trim()
        .split('\n')
        .map((line) => line.split(' ')))
        ips[name] = ip;
    }
  });

  it('is proven by verify, and a second run has nothing to do', async () => {
    const verified = await lab.hardway('verify');
    expect(verified.code, verified.output).toBe(0);
    expect(verified.output).toContain('✓ policies: NetworkPolicies hold: 2 of 2');
    expect((await told(lab, 'up')).changes).toEqual([]);
  });

  it('without a policy everybody comes through', async () => {
    expect(await callers()).toEqual(EVERYBODY);
  });

  it('one that forbids all ends it, but not what its node asks; without it all is as before', async () => {
    await apply(policy('nobody', { podSelector: {}, policyTypes: ['Ingress'] }));
    await expect.poll(() => callers(), { timeout: 20_000 }).toEqual([]);
    expect(await on('minion-1', `curl -s -m 2 http://${ips['shop/web']}:8080/`)).toBe('here');
    await remove();
    await expect.poll(() => callers(), { timeout: 20_000 }).toEqual(EVERYBODY);
  });

  const web = { podSelector: { matchLabels: { app: 'web' } }, policyTypes: ['Ingress'] };
  const from = (...peers: readonly object[]) => ({ ...web, ingress: [{ from: peers }] });
  it.each<[string, () => object, readonly string[]]>([
    ['a label', () => from({ podSelector: { matchLabels: { app: 'far' } } }), ['shop/far']],
    ['a namespace', () => from({ namespaceSelector: { matchLabels: { team: 'ops' } } }), ['ops/watcher']],
    ['all of its own namespace', () => from({ podSelector: {} }), ['shop/far', 'shop/near']],
    ['a range', () => from({ ipBlock: { cidr: `${ips['shop/near']}/32` } }), ['shop/near']],
    [
      'a range but one',
      () => from({ ipBlock: { cidr: '10.244.0.0/16', except: [`${ips['shop/near']}/32`] } }),
      ['shop/far', 'ops/watcher'],
    ],
    ['a port by its name', () => ({ ...web, ingress: [{ ports: [{ port: 'http' }] }] }), EVERYBODY],
    ['ports from … to', () => ({ ...web, ingress: [{ ports: [{ port: 8000, endPort: 8100 }] }] }), EVERYBODY],
    ['another port', () => ({ ...web, ingress: [{ ports: [{ port: 9090 }] }] }), []],
    ['another protocol', () => ({ ...web, ingress: [{ ports: [{ protocol: 'UDP' }] }] }), []],
  ])('%s is let through, the others are not', async (_, spec, expected) => {
    onTestFinished(async () => void (await remove()));
    await apply(policy('web', spec()));
    await expect.poll(() => callers(), { timeout: 20_000 }).toEqual(expected);
    const service = await lab.kubectl([
      'get',
      'svc',
      'web',
      '-n',
      'shop',
      '-o',
      'jsonpath={.spec.clusterIP}',
    ]);
    expect(await callers(`${service}:8080`)).toEqual(expected);
  });

  it('ways out are forbidden and allowed, one by one', async () => {
    onTestFinished(async () => void (await remove()));
    const out = { podSelector: { matchLabels: { app: 'far' } }, policyTypes: ['Egress'] };
    await apply(policy('out', out));
    await expect.poll(() => callers(), { timeout: 20_000 }).toEqual(['shop/near', 'ops/watcher']);
    const egress = [{ to: [{ podSelector: { matchLabels: { app: 'web' } } }], ports: [{ port: 'http' }] }];
    await apply(policy('out', { ...out, egress }));
    await expect.poll(() => callers(), { timeout: 20_000 }).toEqual(EVERYBODY);
    expect(await callers(`${ips['shop/web']}:9090`)).toEqual(['shop/near', 'ops/watcher']);
  });

  it('a connection that stands ends, too', async () => {
    onTestFinished(async () => void (await remove()));
    const talk = `(for word in 1 2 3 4 5 6 7 8 9 10 11 12; do echo $word; busybox sleep 1; done) | busybox timeout 13 busybox nc ${ips['shop/web']} 7000; true`;
    const said = lab.kubectl(['exec', '-n', 'shop', 'far', '--', '/bin/busybox', 'sh', '-c', talk]);
    await new Promise((resolve) => setTimeout(resolve, 4000));
    await apply(policy('nobody', { podSelector: {}, policyTypes: ['Ingress'] }));
    const words = (await said).trim().split('\n');
    expect(words.slice(0, 3)).toEqual(['1', '2', '3']);
    expect(words.length).toBeLessThan(10);
  });

  it('a pod is under its policy before its first packet', async () => {
    onTestFinished(async () => {
      await remove();
      await lab.kubectl(['delete', 'pod', 'eager', '-n', 'shop', '--grace-period=0', '--force']);
    });
    await apply(policy('out', { podSelector: { matchLabels: { app: 'eager' } }, policyTypes: ['Egress'] }));
    const call = `busybox timeout 1 busybox wget -q -O /dev/null http://${ips['shop/web']}:8080/index.html && echo came || echo not`;
    await apply(
      pod('shop/eager', 'master', [
        'sh',
        '-c',
        `exec 2>/dev/null; for try in 1 2 3; do ${call}; done; busybox sleep 999`,
      ]),
    );
    const log = () => lab.kubectl(['logs', '-n', 'shop', 'eager']).catch(() => '');
    await expect.poll(log, { timeout: 30_000 }).toBe('not\nnot\nnot\n');
  });

  it('and until it has ended, also when it was deleted by force', async () => {
    onTestFinished(async () => void (await remove()));
    await apply(
      policy('out', { podSelector: { matchLabels: { app: 'lingering' } }, policyTypes: ['Egress'] }),
    );
    // Says so as long as nobody ends it, and has time for it.
    const call = `busybox timeout -s KILL 1 busybox wget -q -O /dev/null http://${ips['shop/web']}:8080/ && echo came`;
    const loop = `exec 2>/dev/null; trap '' TERM; while :; do (${call} || echo not) >> /said; done`;
    await apply(pod('shop/lingering', 'minion-1', ['sh', '-c', loop], 15));
    await lab.kubectl(['wait', '--for=condition=Ready', 'pod/lingering', '-n', 'shop', '--timeout=60s']);
    // In its own root, for its log goes with it.
    const said = () =>
      on('minion-1', 'cat /proc/$(pgrep -o -f "[b]usybox sh -c exec .*trap")/root/said | sort | uniq -c');
    await expect.poll(said, { timeout: 20_000 }).toMatch(/^[1-9]\d* not$/);
    await lab.kubectl(['delete', 'pod', 'lingering', '-n', 'shop', '--grace-period=0', '--force']);
    // The kubelet gives it two more seconds; let through, it would have said so at once.
    for (let last = await said(); last !== ''; last = await said()) expect(last).toMatch(/^\d+ not$/);
  });

  it('nor do neighbours reach each other by the addresses of their links', async () => {
    const address = async (name: string): Promise<string> => {
      const words = [
        'exec',
        '-n',
        'shop',
        name,
        '--',
        '/bin/busybox',
        'ip',
        '-6',
        'addr',
        'show',
        'dev',
        'eth0',
      ];
      return /inet6 (fe80::[^/]*)/.exec(await lab.kubectl(words))?.[1] ?? '';
    };
    const to = `[${await address('web')}%eth0]:8080`;
    expect(to).toContain('fe80::');
    expect(await comesThrough('shop/near', to)).toBe(false);
    await on('minion-1', 'nft delete table ip6 hardway-network-policy');
    await expect.poll(() => comesThrough('shop/near', to), { timeout: 20_000 }).toBe(true);
  });

  it('what somebody takes away is back, and an agent that goes leaves its rules to the next', async () => {
    onTestFinished(async () => void (await remove()));
    await apply(policy('nobody', { podSelector: {}, policyTypes: ['Ingress'] }));
    await expect.poll(() => callers(), { timeout: 20_000 }).toEqual([]);
    await lab.kubectl(['delete', 'pod', '--all', '-n', 'network-policy', '--wait=false']);
    for (let times = 0; times < 4; times += 1) expect(await callers()).toEqual([]);
    await lab.kubectl([
      'rollout',
      'status',
      'daemonset/network-policy',
      '-n',
      'network-policy',
      '--timeout=60s',
    ]);
    await on(
      'minion-1',
      'nft delete table ip hardway-network-policy; nft delete table ip6 hardway-network-policy; true',
    );
    expect(await callers()).toEqual(EVERYBODY);
    await expect.poll(() => callers(), { timeout: 90_000, interval: 2000 }).toEqual([]);
  });

  it('verify says where they do not hold, and up brings back who sees to it', async () => {
    await lab.kubectl(['delete', 'daemonset', 'network-policy', '-n', 'network-policy', '--wait']);
    const open = await lab.hardway('verify', 'policies');
    expect(open.code, open.output).toBe(1);
    expect(open.output).toMatch(
      /✗ minion-1: NetworkPolicy: .*\n.*forbidden, and after 10 s pods on (master|minion-1), /,
    );
    const up = await lab.hardway('up');
    expect(up.code, up.output).toBe(0);
    const held = await lab.hardway('verify', 'policies');
    expect(held.code, held.output).toBe(0);
  });

  it('holds after a restart of the machine', async () => {
    onTestFinished(async () => void (await remove()));
    await apply(policy('nobody', { podSelector: {}, policyTypes: ['Ingress'] }));
    await reboot(lab, 'minion-1');
    await wellAgain(lab, 120);
    await lab.kubectl(['wait', '--for=condition=Ready', 'pod', '--all', '-n', 'shop', '--timeout=60s']);
    const ip = await lab.kubectl(['get', 'pod', 'web', '-n', 'shop', '-o', 'jsonpath={.status.podIP}']);
    ips['shop/web'] = ip;
    await expect.poll(() => callers(), { timeout: 20_000 }).toEqual([]);
    await remove();
    await expect.poll(() => callers(), { timeout: 20_000 }).toEqual(EVERYBODY);
  });

  it('turned off: no rule stays on any machine', async () => {
    await apply(policy('nobody', { podSelector: {}, policyTypes: ['Ingress'] }));
    await expect.poll(() => callers(), { timeout: 20_000 }).toEqual([]);
    lab.edit(({ network }) => Object.assign(network, { policy: false }));
    const up = await lab.hardway('up');
    expect(up.code, up.output).toBe(0);
    const tables = () =>
      Promise.all(NODES.map((machine) => on(machine, 'nft list tables | grep network-policy; true')));
    await expect.poll(tables, { timeout: 20_000 }).toEqual(['', '']);
    expect(await callers()).toEqual(EVERYBODY);
    expect((await told(lab, 'up')).changes).toEqual([]);
  });
});

/** `place`: namespace/name, and the name is its label, too; `patience`: seconds that it has to end. */
const pod = (place: string, nodeName: string, args: readonly string[], patience = 0): object => {
  const [namespace, name = ''] = place.split('/');
  const ports = [{ name: 'http', containerPort: 8080 }];
  return {
    ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace, labels: { app: name } } },
    spec: {
      nodeName,
      ...{ tolerations: [{ operator: 'Exists' }], terminationGracePeriodSeconds: patience },
      containers: [{ ...{ name, image, imagePullPolicy: 'Never', args }, ports }],
    },
  };
};

const policy = (name: string, spec: object): object => ({
  ...{ apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name, namespace: 'shop' } },
  spec,
});
