import { describe, expect, it } from 'vitest';
import { standing } from '../live/support/bring-up.ts';
import { told } from '../live/support/changes.ts';
import { makeLab } from '../live/support/lab.ts';
import { reboot, wellAgain } from '../live/support/power.ts';

/** `kubectl get nodes` lists minions only: with static pods the master's kubelet stands alone, with units it has none. */
const shapes = [
  ['static-pods', { cni: 'flannel', flannel: { store: 'etcd' } }],
  ['systemd', { cni: 'routes' }],
] as const;
describe.each(shapes)('a master that is no node, by %s with %j', (style, network) => {
  const lab = makeLab('hwt-apart-masters', '192.168.103.0/24');
  const master = async (script: string): Promise<string> => (await lab.on('master', script)).stdout.trim();

  standing(lab, () =>
    lab.edit((description) => {
      description['controlPlane'] = { style, registerNode: false };
      Object.assign(description.network, { flannel: undefined, ...network });
      description.nodes = [
        { name: 'master', roles: ['etcd', 'master'], memory: 1536 },
        { name: 'minion', count: 1, roles: ['minion'], memory: 1536 },
      ];
    }),
  );

  it('is not listed, and its kubelet has no door', async () => {
    expect(await lab.kubectl(['get', 'nodes', '-o', 'name'])).toBe('node/minion-1\n');
    expect(await master('systemctl is-active kubelet || true')).toBe(
      style === 'static-pods' ? 'active' : 'inactive',
    );
    expect(await master("ss -tlnH 'sport = :10250'")).toBe('');
  });

  it('is well, and a second run has nothing to do', async () => {
    const verified = await lab.hardway('verify');
    expect(verified.code, verified.output).toBe(0);
    const status = await lab.hardway('status');
    expect(status.code, status.output).toBe(0);
    expect((await told(lab, 'up')).changes).toEqual([]);
  });

  it('comes back from a restart by itself', async () => {
    await reboot(lab, 'master');
    await wellAgain(lab, 120);
  });
});
