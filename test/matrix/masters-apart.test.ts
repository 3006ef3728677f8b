import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { told } from '../live/support/changes.ts';
import { makeLab } from '../live/support/lab.ts';

/** `kubectl get nodes` lists minions only: with static pods the master's kubelet stands alone, with units it has none. */
describe.each(['static-pods', 'systemd'])('a master that is no node, by %s', (style) => {
  const lab = makeLab('hwt-apart-masters', '192.168.103.0/24');
  const master = async (script: string): Promise<string> => (await lab.on('master', script)).stdout.trim();

  beforeAll(async () => {
    expect((await lab.npm('ci')).code).toBe(0);
    lab.edit((description) => {
      description['controlPlane'] = { style, registerNode: false };
      description.nodes = [
        { name: 'master', roles: ['etcd', 'master'], memory: 1536 },
        { name: 'minion', count: 1, roles: ['minion'], memory: 1536 },
      ];
    });
    const made = await lab.npm('run', 'lab');
    expect(made.code, made.output).toBe(0);
  });
  afterAll(async () => {
    const gone = await lab.npm('run', 'lab', '--', '--destroy');
    expect(gone.code, gone.output).toBe(0);
  });

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
    const booted = () => master('stat -c %Y /proc/1');
    const before = await booted();
    await master('systemd-run --quiet --on-active=1 systemctl reboot');
    await expect
      .poll(() => booted().catch(() => before), { timeout: 90_000, interval: 1000 })
      .not.toBe(before);
    await expect
      .poll(async () => (await lab.hardway('status')).code, { timeout: 120_000, interval: 2000 })
      .toBe(0);
    const plan = await lab.hardway('plan');
    expect(plan.code, plan.output).toBe(0);
  });
});
