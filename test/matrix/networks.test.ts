import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { AddonScope } from '../../provisioners/addons/addon.ts';
import { calico } from '../../provisioners/addons/calico/calico.ts';
import { canal } from '../../provisioners/addons/canal/canal.ts';
import { cilium } from '../../provisioners/addons/cilium/cilium.ts';
import { kubeRouter } from '../../provisioners/addons/kube-router/kube-router.ts';
import { described } from '../property/rig.ts';
import { standing } from '../live/support/bring-up.ts';
import { told } from '../live/support/changes.ts';
import { command } from '../live/support/command.ts';
import { makeLab } from '../live/support/lab.ts';
import { reboot } from '../live/support/power.ts';
import { deployProbe, inPod, probePods } from '../live/support/probe.ts';

/** S2's network: no overlay, a route on every machine to the pods of each other; and what else network.* promises. */
describe('pods by routes', () => {
  const lab = makeLab('hwt-networks', '192.168.99.0/24');
  const all = ['master', 'minion-1', 'minion-2'];
  const address: Readonly<Record<string, string>> = {
    master: '192.168.99.11',
    'minion-1': '192.168.99.101',
    'minion-2': '192.168.99.102',
  };
  const subnets: Readonly<Record<string, string>> = {
    master: '10.244.1.0/24',
    'minion-1': '10.244.2.0/24',
    'minion-2': '10.244.3.0/24',
  };
  /** What a machine that has a route to the pods of these others says. */
  const routesTo = (machine: string, others: readonly string[]) =>
    others
      .filter((other) => other !== machine)
      .map((other) => `${subnets[other]} via ${address[other]} dev eth1`);
  const routesOf = async (machine: string) =>
    (await lab.on(machine, 'ip -4 route show proto 172 type unicast')).stdout
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '');
  const on = (machine: string, script: string) => lab.on(machine, script).then(({ stdout }) => stdout.trim());

  standing(lab, () => lab.edit(({ network }) => Object.assign(network, { cni: 'routes' })));

  it('each machine has a route to the pods of every other, and there is no tunnel', async () => {
    for (const machine of all) {
      expect(await routesOf(machine)).toEqual(routesTo(machine, all));
      expect(await on(machine, 'ls /sys/class/net | grep -E "flannel|vxlan"; pgrep flanneld; true')).toBe('');
      expect(await on(machine, 'ip -4 route get 10.244.77.1 2>&1; true')).toContain('No route to host');
    }
  });

  it('pods of each pair reach each other, with full-size packets', async () => {
    const verified = await lab.hardway('verify');
    expect(verified.code, verified.output).toBe(0);
    expect(verified.output).toMatch(/✓ pods: .*: 9 of 9, 1500 bytes in one packet/);
  });

  it('whom pods ask outside sees their machine', async () => {
    const server = createServer((request, answer) => answer.end(request.socket.remoteAddress));
    await new Promise<void>((listening) => server.listen(0, '192.168.99.1', listening));
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    await deployProbe(lab, all);
    for (const pod of await probePods(lab)) {
      const seen = await inPod(lab, pod, 'wget', '-q', '-O', '-', `http://192.168.99.1:${port}/`);
      expect(seen.trim()).toBe(address[pod.node]);
    }
  });

  it('a second run has nothing to do', async () => {
    expect((await told(lab, 'up')).changes).toEqual([]);
  });

  it('what takes routes away does not take them for long', async () => {
    await on(
      'minion-2',
      `ip route delete ${subnets['minion-1']}; ip link set eth1 down; ip link set eth1 up`,
    );
    await expect.poll(() => routesOf('minion-2'), { timeout: 5000 }).toEqual(routesTo('minion-2', all));
  });

  it('they are back after a reboot, without a run', async () => {
    await reboot(lab, 'minion-2');
    await expect
      .poll(() => routesOf('minion-2').catch(() => []), { timeout: 60_000, interval: 1000 })
      .toEqual(routesTo('minion-2', all));
    const again = await told(lab, 'up');
    expect([again.code, again.changes], again.output).toEqual([0, []]);
  });

  it('a plug-in, a store or a backend of a standing cluster stays what it is', async () => {
    const refused = await lab.hardway('plan', '--set', 'network.cni=flannel');
    expect(refused.code).toBe(1);
    expect(refused.output).toContain('network.cni is routes and cannot become flannel: pods have addresses');
  });

  // Their images are not to be had here: what can be proven is that the API server takes every field.
  it.each([
    ['calico', calico],
    ['canal', canal],
    ['cilium', cilium],
    ['kube-router', kubeRouter],
  ])('the manifests of %s are accepted', async (cni, plugin) => {
    const cluster = described({ network: { cni, kubeProxy: 'iptables' } });
    const scope = { cluster } as unknown as AddonScope;
    const items = plugin.objects(scope);
    // What lies in a namespace of theirs is taken only where there is one.
    const namespaces = items.filter(({ kind }) => kind === 'Namespace');
    if (namespaces.length > 0)
      await lab.kubectl(
        ['apply', '-f', '-'],
        JSON.stringify({ apiVersion: 'v1', kind: 'List', items: namespaces }),
      );
    onTestFinished(async () => {
      for (const { metadata } of namespaces) await lab.kubectl(['delete', 'namespace', metadata.name]);
    });
    const accepted = await lab.kubectl(
      ['apply', '--server-side', '--dry-run=server', '--validate=strict', '-o', 'name', '-f', '-'],
      JSON.stringify({ apiVersion: 'v1', kind: 'List', items }),
    );
    const taken = accepted.split('\n').filter((line) => line !== '' && !line.startsWith('Warning: '));
    expect(taken, accepted).toHaveLength(items.length);
  });

  it('kube-proxy works in the mode that cluster.json says, on every node', async () => {
    const modes = () => Promise.all(all.map((machine) => on(machine, 'curl -s 127.0.0.1:10249/proxyMode')));
    expect(await modes()).toEqual(['nftables', 'nftables', 'nftables']);
    lab.edit(({ network }) => Object.assign(network, { kubeProxy: 'iptables' }));
    const changed = await lab.hardway('up');
    expect(changed.code, changed.output).toBe(0);
    await expect.poll(modes, { timeout: 20_000 }).toEqual(['iptables', 'iptables', 'iptables']);
    expect(await on('minion-1', 'nft list table ip kube-proxy 2>/dev/null; true')).toBe('');
  });

  it('a machine that leaves takes its route along, and nobody else moves', async () => {
    const removed = await lab.hardway('node', 'remove', 'minion-1', '--yes');
    expect(removed.code, removed.output).toBe(0);
    const others = ['master', 'minion-2'];
    for (const machine of others) expect(await routesOf(machine)).toEqual(routesTo(machine, others));
    expect(await lab.kubectl(['get', 'nodes', '-o', 'name'])).toBe('node/master\nnode/minion-2\n');
    expect(await on('minion-2', 'cat /var/lib/hardway/pod-routes')).toContain(
      `minion-2 ${subnets['minion-2']}`,
    );
    const left = await command(
      'lxc-attach',
      ['-n', `minion-1.${lab.name}`, '--', 'sh', '-c', 'ip -4 route show proto 172; ls /etc/kubernetes'],
      { cwd: lab.folder },
    );
    expect(left.output).toMatch(/^ls: cannot access .*\n$/);
  });
});
