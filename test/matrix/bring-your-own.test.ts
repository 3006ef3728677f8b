import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { destroy } from '../live/support/bring-up.ts';
import { told } from '../live/support/changes.ts';
import { makeLab } from '../live/support/lab.ts';
import { image, importImage } from '../live/support/probe.ts';
import { RANGE } from './support/cells.ts';

/** network.cni none: the run says what is missing, and goes on when the user has brought it. */
describe.each([
  ['scratch', 'iptables'],
  ['kubeadm', 'nftables'],
])('a network plug-in of the user’s own, by %s with %s', (flavour, mode) => {
  const lab = makeLab('hwt-own-plug-in', RANGE);
  const machines = ['master', 'minion'];

  beforeAll(() => {
    rmSync(join(lab.folder, 'addons', 'plug-in.yaml'), { force: true });
    lab.edit((description) => {
      Object.assign(description.network, { cni: 'none', kubeProxy: mode });
      description.nodes = [
        { name: 'master', roles: ['etcd', 'master'], cpus: 2, memory: 2048, address: address(11) },
        { name: 'minion', roles: ['minion'], cpus: 2, memory: 1536, address: address(101) },
      ];
      Object.assign(description, { kubernetes: { flavour }, timeouts: { nodeReady: 15 } });
    });
  });
  afterAll(() => destroy(lab));

  it('is missed by its name', async () => {
    const up = await lab.npm('run', 'lab');
    expect(up.code, up.output).not.toBe(0);
    expect(up.output).toContain(
      'to be Ready with a network plug-in, which you bring in addons/ (network.cni "none")',
    );
  });

  it('that does not start is told with its reason', async () => {
    mkdirSync(join(lab.folder, 'addons'), { recursive: true });
    writeFileSync(join(lab.folder, 'addons', 'plug-in.yaml'), stringify(plugIn));
    const up = await lab.hardway('up');
    expect(up.code, up.output).not.toBe(0);
    expect(up.output).toContain('not yet: master minion; own: ErrImageNeverPull: ');
  });

  it('makes nodes Ready, and the add-ons come', async () => {
    for (const machine of machines) await importImage(lab, machine);
    lab.edit((description) => Object.assign(description, { timeouts: { nodeReady: 60 } }));
    const up = await lab.hardway('up');
    expect(up.code, up.output).toBe(0);
    const verified = await lab.hardway('verify');
    expect(verified.code, verified.output).toBe(0);
    expect((await told(lab, 'up')).changes).toEqual([]);
  });

  it('may take the place of kube-proxy, of which nothing is left then', async () => {
    const traces = async () => {
      const found = machines.map((machine) =>
        lab.on(
          machine,
          `pgrep -x kube-proxy; ls /etc/systemd/system | grep kube-proxy; nft list ruleset | grep -E 'kube-proxy|KUBE-S(VC|EP|ERVICES)'; true`,
        ),
      );
      const sets = await lab.kubectl(['get', 'daemonsets', '-n', 'kube-system', '-o', 'name']);
      return [...(await Promise.all(found)).map(({ stdout }) => stdout), sets.replace(/.*own-plug-in\n/, '')];
    };
    const [master, minion] = await traces();
    expect([master, minion]).not.toContain('');
    for (const machine of machines)
      await lab.on(machine, `cp /proc/$(pgrep -o -x kube-proxy)/exe ${OWN_PROXY}`);
    lab.edit(({ network }) => Object.assign(network, { kubeProxy: 'disabled' }));
    const without = await lab.hardway('up');
    expect(without.code, without.output).toBe(0);
    expect(await traces()).toEqual(['', '', '']);
    expect((await told(lab, 'up')).changes).toEqual([]);
    const kubeconfig = readFileSync(join(lab.folder, '.hardway', 'kubeconfig'), 'utf8');
    for (const machine of machines) {
      const started = await lab.on(machine, startOwnProxy(machine, kubeconfig));
      expect(started.code, started.stderr).toBe(0);
    }
    const verified = await lab.hardway('verify');
    expect(verified.code, verified.output).toBe(0);
    // Its rules go with it, or Services would live on by themselves.
    for (const machine of machines) await lab.on(machine, `systemctl stop own-proxy; ${OWN_PROXY} --cleanup`);
    expect(await traces()).toEqual(['', '', '']);
  });

  it('kube-proxy comes back, and Services with it', async () => {
    lab.edit(({ network }) => Object.assign(network, { kubeProxy: mode }));
    const again = await lab.hardway('up');
    expect(again.code, again.output).toBe(0);
    const verified = await lab.hardway('verify');
    expect(verified.code, verified.output).toBe(0);
  });
});

const address = (host: number): string => RANGE.replace(/0\/24$/, String(host));

/** What takes kube-proxy's place here: the same program under another name, of which Hardway knows nothing. */
const OWN_PROXY = '/opt/own-proxy';
const startOwnProxy = (machine: string, kubeconfig: string): string => `umask 077
cat >${OWN_PROXY}.conf <<'HERE'
${kubeconfig}
HERE
systemd-run --quiet --unit=own-proxy ${OWN_PROXY} --kubeconfig=${OWN_PROXY}.conf --hostname-override=${machine} \
  --proxy-mode=nftables --cluster-cidr=10.244.0.0/16 --conntrack-max-per-core=0 \
  --conntrack-tcp-timeout-established=0 --conntrack-tcp-timeout-close-wait=0`;

/** The smallest there is: on each node a bridge with a subnet of its own, and a route to the other's. */
const list = {
  ...{ cniVersion: '1.0.0', name: 'own' },
  plugins: [
    {
      ...{ type: 'bridge', bridge: 'own0', isDefaultGateway: true, ipMasq: true, hairpinMode: true },
      ipam: { type: 'host-local', ranges: [[{ subnet: '10.244.HOST.0/24' }]] },
    },
  ],
};

const labels = { app: 'own-plug-in' };
const plugIn = {
  ...{ apiVersion: 'apps/v1', kind: 'DaemonSet' },
  metadata: { name: 'own-plug-in', namespace: 'kube-system', labels },
  spec: {
    selector: { matchLabels: labels },
    template: {
      metadata: { labels },
      spec: {
        hostNetwork: true,
        tolerations: [{ operator: 'Exists' }],
        containers: [
          {
            ...{ name: 'own', image, imagePullPolicy: 'Never' },
            command: ['/bin/busybox', 'sh', '-c'],
            args: [
              `host=\${ADDRESS##*.}
for other in 11 101; do [ $other = $host ] || /bin/busybox ip route replace 10.244.$other.0/24 via \${ADDRESS%.*}.$other; done
echo '${JSON.stringify(list)}' | /bin/busybox sed "s/HOST/$host/" > /net.d/10-own.conflist
exec /bin/busybox sleep 100000`,
            ],
            env: [{ name: 'ADDRESS', valueFrom: { fieldRef: { fieldPath: 'status.hostIP' } } }],
            securityContext: { capabilities: { add: ['NET_ADMIN'] } },
            volumeMounts: [{ name: 'net', mountPath: '/net.d' }],
          },
        ],
        volumes: [{ name: 'net', hostPath: { path: '/etc/cni/net.d' } }],
      },
    },
  },
};
