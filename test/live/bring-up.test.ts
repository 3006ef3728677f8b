import { beforeAll, describe, expect, it } from 'vitest';
import { daemons } from './support/lab.ts';
import { mainLab, machines } from './support/main-lab.ts';
import { bringUp } from './support/bring-up.ts';

describe('npm run lab', () => {
  const lab = mainLab();
  let first: Awaited<ReturnType<typeof bringUp>>;

  beforeAll(async () => {
    first = await bringUp(lab);
  });

  it('ends with a verdict, the node table and what to try next', () => {
    expect(first.code, first.output).toBe(0);
    for (const machine of machines)
      expect(first.output).toMatch(new RegExp(`^${machine} +Ready .*v1\\.36\\.`, 'm'));
    expect(first.output).toMatch(/kubectl/);
  });

  it('registers each node under its cluster address, never the NAT one', async () => {
    const addresses = await lab.kubectl([
      'get',
      'nodes',
      '-o',
      'jsonpath={range .items[*]}{.metadata.name} {.status.addresses[?(@.type=="InternalIP")].address}{"\\n"}{end}',
    ]);
    expect(addresses.trim().split('\n').sort()).toEqual([
      'master 192.168.77.11',
      'minion-1 192.168.77.101',
      'minion-2 192.168.77.102',
    ]);
  });

  it('changes nothing and restarts nothing when repeated', async () => {
    const before = await Promise.all(machines.map((machine) => daemons(lab, machine)));
    const again = await lab.hardway('up');
    expect(again.code, again.output).toBe(0);
    expect(again.output).toContain('0 changes');
    expect(await Promise.all(machines.map((machine) => daemons(lab, machine)))).toEqual(before);
    expect(before.join('')).not.toMatch(/kubelet 0$/m);
  });

  it('plans nothing afterwards', async () => {
    const plan = await lab.hardway('plan');
    expect(plan.code, plan.output).toBe(0);
    expect(plan.output).toContain('nothing to do');
  });

  it('is over at once when everything is there', async () => {
    const again = await lab.npm('run', 'lab');
    expect(again.code, again.output).toBe(0);
    expect(again.output).toContain('0 changes');
  });

  it('repairs what a hand changed on a machine, and nothing else', async () => {
    await lab.on(
      'minion-1',
      'chmod 644 /etc/flannel/pki/client.key; sysctl -q -w net.ipv4.ip_forward=0; echo "# x" >> /var/lib/kubelet/config.yaml',
    );
    const plan = await lab.hardway('plan');
    expect(plan.code, plan.output).toBe(2);
    for (const named of [
      'file:/etc/flannel/pki/client.key (mode)',
      'sysctl:net.ipv4.ip_forward (value)',
      'file:/var/lib/kubelet/config.yaml (sha256)',
    ]) {
      expect(plan.output).toContain(named);
    }
    expect(plan.output).toContain('3 differences');
    const up = await lab.hardway('up');
    expect(up.code, up.output).toBe(0);
    expect(up.output).toContain('3 changes');
  });

  it('restarts a daemon that still runs with an older configuration', async () => {
    const before = await daemons(lab, 'minion-1');
    await lab.on('minion-1', 'echo "# x" >> /var/lib/kubelet/config.yaml; systemctl restart kubelet');
    const up = await lab.hardway('up');
    expect(up.code, up.output).toBe(0);
    expect(up.output).toContain('service:kubelet.service (started with)');
    const after = await daemons(lab, 'minion-1');
    const others = (text: string) => text.replace(/^kubelet .*$/m, '');
    expect(others(after)).toBe(others(before));
    expect((await lab.hardway('plan')).code).toBe(0);
  });
});
