import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { destroy } from '../live/support/bring-up.ts';
import { told } from '../live/support/changes.ts';
import { makeLab } from '../live/support/lab.ts';
import { image, importImage } from '../live/support/probe.ts';
import { RANGE } from './support/cells.ts';

/** network.cni none: the run says what is missing, and goes on when the user has brought it. */
describe('a network plug-in of the user’s own', () => {
  const lab = makeLab('hwt-own-plug-in', RANGE);

  beforeAll(async () => {
    expect((await lab.npm('ci')).code).toBe(0);
    lab.edit((description) => {
      Object.assign(description.network, { cni: 'none' });
      description.nodes = [{ name: 'master', roles: ['etcd', 'master'], cpus: 2, memory: 2048 }];
      Object.assign(description, { controlPlane: { schedulable: true }, timeouts: { nodeReady: 15 } });
    });
  });
  afterAll(() => destroy(lab));

  it('is missed by its name', async () => {
    const up = await lab.npm('run', 'lab');
    expect(up.code, up.output).not.toBe(0);
    expect(up.output).toContain(
      'master to be Ready with a network plug-in, which you bring in addons/ (network.cni "none")',
    );
  });

  it('makes nodes Ready, and the add-ons come', async () => {
    await importImage(lab, 'master');
    mkdirSync(join(lab.folder, 'addons'), { recursive: true });
    writeFileSync(join(lab.folder, 'addons', 'plug-in.yaml'), stringify(plugIn));
    const up = await lab.hardway('up');
    expect(up.code, up.output).toBe(0);
    const verified = await lab.hardway('verify');
    expect(verified.code, verified.output).toBe(0);
    expect((await told(lab, 'up')).changes).toEqual([]);
  });

  it('may do without kube-proxy, of which nothing is left then; with it Services are there again', async () => {
    const traces = async () =>
      (
        await lab.on(
          'master',
          'pgrep -x kube-proxy; ls /etc/systemd/system | grep kube-proxy; nft list tables | grep kube-proxy; true',
        )
      ).stdout;
    expect(await traces()).not.toBe('');
    lab.edit(({ network }) => Object.assign(network, { kubeProxy: 'disabled' }));
    const without = await lab.hardway('up');
    expect(without.code, without.output).toBe(0);
    expect(await traces()).toBe('');
    expect((await told(lab, 'up')).changes).toEqual([]);
    lab.edit(({ network }) => Object.assign(network, { kubeProxy: 'nftables' }));
    const again = await lab.hardway('up');
    expect(again.code, again.output).toBe(0);
    const verified = await lab.hardway('verify');
    expect(verified.code, verified.output).toBe(0);
  });
});

/** The smallest there is: a bridge, on the subnet that the only node is given. */
const list = {
  ...{ cniVersion: '1.0.0', name: 'own' },
  plugins: [
    {
      ...{ type: 'bridge', bridge: 'own0', isDefaultGateway: true, ipMasq: true, hairpinMode: true },
      ipam: { type: 'host-local', ranges: [[{ subnet: '10.244.0.0/24' }]] },
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
            args: [`echo '${JSON.stringify(list)}' > /net.d/10-own.conflist; exec /bin/busybox sleep 100000`],
            volumeMounts: [{ name: 'net', mountPath: '/net.d' }],
          },
        ],
        volumes: [{ name: 'net', hostPath: { path: '/etc/cni/net.d' } }],
      },
    },
  },
};
