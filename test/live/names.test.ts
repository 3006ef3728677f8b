import { describe, expect, it, onTestFinished } from 'vitest';
import { standing } from './support/bring-up.ts';
import { told } from './support/changes.ts';
import { makeLab } from './support/lab.ts';
import { nameServer, SOMEWHERE } from './support/name-server.ts';
import { deployProbe, inPod, probePods } from './support/probe.ts';

const DOMAIN = 'hard.example';
const SERVER = '10.96.0.53';

/**
 * A domain and an address for the cluster's DNS of one's own, and names of the world outside; on the smallest cluster of
 * each flavour and style, which the other live tests leave to the matrix.
 */
describe.each([
  ['scratch', 'systemd'],
  ['scratch', 'static-pods'],
  ['kubeadm', 'static-pods'],
])('names, by %s with %s', (flavour, style) => {
  const lab = makeLab('hwt-names', '192.168.107.0/24');
  const onMaster = async (script: string): Promise<string> => (await lab.on('master', script)).stdout.trim();
  const known = async (name: string): Promise<string> => {
    const [pod] = await probePods(lab);
    return inPod(lab, pod!, 'nslookup', name);
  };

  standing(lab, () =>
    lab.edit((description) => {
      description.network['dns'] = { domain: DOMAIN, serviceIP: SERVER };
      description['kubernetes'] = { flavour };
      description['controlPlane'] = { schedulable: true, ...(flavour === 'kubeadm' ? {} : { style }) };
      description.nodes = [{ name: 'master', roles: ['etcd', 'master'], memory: 1536 }];
    }),
  );

  it('the domain and the address are the same everywhere', async () => {
    expect(await onMaster('cat /var/lib/kubelet/config.yaml')).toMatch(
      new RegExp(
        `clusterDomain: ${DOMAIN}\\n(.*\\n)*clusterDNS:\\n *- "?${SERVER}|clusterDNS:\\n *- "?${SERVER}"?\\n(.*\\n)*clusterDomain: ${DOMAIN}`,
      ),
    );
    const corefile = await lab.kubectl(['get', 'configmap', 'coredns', '-n', 'kube-system', '-o', 'yaml']);
    expect(corefile).toContain(DOMAIN);
    expect(corefile).not.toContain('cluster.local');
    const certificate = await onMaster('openssl x509 -noout -text -in /etc/kubernetes/pki/apiserver.crt');
    expect(certificate).toContain(`DNS:kubernetes.default.svc.${DOMAIN}`);
  });

  it('all is proven, and a second run has nothing to do', async () => {
    const verified = await lab.hardway('verify');
    expect(verified.code, verified.output).toBe(0);
    expect(await told(lab, 'up')).toMatchObject({ code: 0, changes: [] });
  });

  it('a pod knows the names of the cluster', async () => {
    await deployProbe(lab, ['master']);
    const seen = await known(`kubernetes.default.svc.${DOMAIN}`);
    expect(seen).toMatch(new RegExp(`Server:\\s+${SERVER}`));
    expect(seen).toContain('10.96.0.1');
  });

  it('and those outside, as soon as its machine does', async () => {
    const world = await nameServer('192.168.107.1');
    onTestFinished(() => world.close());
    await onMaster("printf 'nameserver 192.168.107.1\\n' >/tmp/new && cat /tmp/new >/etc/resolv.conf");
    const run = await told(lab, 'up');
    expect(run.code, run.output).toBe(0);
    await lab.kubectl(['rollout', 'restart', 'deployment/coredns', '-n', 'kube-system']);
    await lab.kubectl(['rollout', 'status', 'deployment/coredns', '-n', 'kube-system', '--timeout=90s']);
    // The server that ends may be asked for a moment more.
    const seen = () => known('www.example.org').catch(String);
    await expect.poll(seen, { timeout: 20_000 }).toContain(SOMEWHERE);
    expect(world.asked).toContain('www.example.org');
    const verified = await lab.hardway('verify', 'dns');
    expect([verified.code, verified.output]).toEqual([0, expect.not.stringMatching(/^ +excepted: /m)]);
  });
});
