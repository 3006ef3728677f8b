import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deployProbe, inPod, namespace, probePods, type ProbePod } from './support/probe.ts';
import { mainLab, machines } from './support/main-lab.ts';

describe('the pod network', () => {
  const lab = mainLab();
  let pods: ProbePod[];

  beforeAll(async () => {
    await deployProbe(lab, machines);
    pods = await probePods(lab);
  });
  // A machine that is restarted next would wait 90 s for its pod: it knows no end but being killed.
  afterAll(() => lab.kubectl(['delete', 'namespace', namespace]));

  it('has a pod on each node', () => {
    expect(pods.map(({ node }) => node).sort()).toEqual([...machines].sort());
  });

  it('lets pods on each pair of nodes reach each other, full-size packets included', async () => {
    for (const from of pods) {
      for (const to of pods) {
        // 1450 bytes of the vxlan link less 28 of headers; pings are not fragmented on the way.
        const ping = await inPod(lab, from, 'ping', '-c', '1', '-W', '2', '-s', '1422', to.ip);
        expect(ping, `${from.node} → ${to.node}`).toContain('1 packets received');
        const bytes = await inPod(
          lab,
          from,
          'sh',
          '-c',
          `/bin/busybox wget -q -O - http://${to.ip}:8080/large | /bin/busybox wc -c`,
        );
        expect(bytes.trim(), `${from.node} → ${to.node}`).toBe('3000000');
      }
    }
  });

  it('says that it is ready only when the machine has its subnet', async () => {
    const { stdout } = await lab.on(
      'minion-2',
      `systemctl stop flanneld; rm -f /run/flannel/subnet.env; systemctl start --no-block flanneld
for i in $(seq 600); do
  code=$(curl -s -o /dev/null -w '%{http_code}' http://127.0.0.1:8471/readyz)
  [ -e /run/flannel/subnet.env ] && there=yes || there=no
  echo "$code $there"
  [ "$code $there" = '200 yes' ] && exit
  sleep 0.05
done`,
    );
    const seen = new Set(stdout.trim().split('\n'));
    expect(seen).toContain('200 yes');
    expect(seen).not.toContain('200 no');
  });

  it('carries full-size packets from machine to pod without fragmenting them', async () => {
    for (const machine of machines) {
      for (const { ip, node } of pods) {
        const result = await lab.on(machine, `ping -M do -s 1422 -c 1 -W 2 ${ip}`);
        expect(result.ok, `${machine} → pod on ${node}: ${result.stdout}`).toBe(true);
      }
    }
  });

  it('resolves names of the cluster from every node', async () => {
    for (const pod of pods) {
      const answer = await inPod(lab, pod, 'nslookup', 'kubernetes.default.svc.cluster.local');
      expect(answer, pod.node).toContain('10.96.0.1');
    }
  });

  it('answers on a Service from every pod and on a NodePort of every machine', async () => {
    for (const pod of pods) {
      expect(
        await inPod(lab, pod, 'wget', '-q', '-O', '-', `http://probe.${namespace}.svc.cluster.local/`),
      ).toBe('here\n');
    }
    for (const machine of machines) {
      const result = await lab.on(
        machine,
        `for to in ${machines.join(' ')}; do curl -sS -m 5 http://$to:30080/ || exit 1; done`,
      );
      expect(result.stdout, `${machine}: ${result.stderr}`).toBe('here\n'.repeat(machines.length));
    }
  });

  it('gives logs and a shell of a pod on each node', async () => {
    for (const pod of pods) {
      expect(await inPod(lab, pod, 'echo', 'hello')).toBe('hello\n');
      expect(await lab.kubectl(['logs', '-n', namespace, pod.name]), pod.node).toMatch(/\d/);
    }
  });
});
