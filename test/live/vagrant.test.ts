import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bringUp, destroy } from './support/bring-up.ts';
import { daemons, makeLab } from './support/lab.ts';
import { leftovers } from './support/leftovers.ts';
import { mainLab, machines } from './support/main-lab.ts';

/** A second cluster on the same host, made by Vagrant alone, while the first one must not notice. */
describe('vagrant', () => {
  const first = mainLab();
  const lab = makeLab('hwt-order', '192.168.78.0/24');
  let untouched: string[];
  const firstDaemons = () => Promise.all(machines.map((machine) => daemons(first, machine)));

  beforeAll(async () => {
    await bringUp(first);
    untouched = await firstDaemons();
  });
  afterAll(() => destroy(lab));

  const nodes = async () =>
    (await lab.kubectl(['get', 'nodes', '--no-headers']))
      .trim()
      .split('\n')
      .map((row) => row.split(/ +/).slice(0, 2).join(' '))
      .sort();
  const allReady = machines.map((machine) => `${machine} Ready`);

  it('accepts every provider block', async () => {
    const told = await lab.vagrant('validate', '--ignore-provider');
    expect(told.code, told.output).toBe(0);
  });

  it('a minion first: success for Vagrant, and the missing machines are named', async () => {
    const told = await lab.vagrant('up', 'minion-2', '--provider=lxc');
    expect(told.code, told.output).toBe(0);
    expect(told.output).toContain('awaiting master, minion-1');
    const engine = await lab.hardway('up');
    expect(engine.code, engine.output).toBe(3);
  });

  it('then the others one by one: the last one finishes the cluster', async () => {
    const master = await lab.vagrant('up', 'master', '--provider=lxc');
    expect(master.code, master.output).toBe(0);
    expect(master.output).toContain('awaiting minion-1');
    const last = await lab.vagrant('up', 'minion-1', '--provider=lxc');
    expect(last.code, last.output).toBe(0);
    expect(await nodes()).toEqual(allReady);
    expect((await lab.hardway('plan')).code).toBe(0);
  });

  /** What the cluster has of each machine is the address on its own NIC, not Vagrant's. */
  const expectOwnAddresses = async (): Promise<void> => {
    const ends = machines.map(async (machine) => {
      const seen = await lab.on(machine, "ip -d link show flannel.1 | grep -o 'local [^ ]* dev [^ ]*'");
      return seen.stdout.trim();
    });
    const own = ['11', '101', '102'].map((host) => `192.168.78.${host}`);
    expect(await Promise.all(ends)).toEqual(own.map((address) => `local ${address} dev eth1`));
    const column = 'jsonpath={.items[*].status.addresses[?(@.type=="InternalIP")].address}';
    expect(await lab.kubectl(['get', 'nodes', '-o', column])).toBe(own.join(' '));
  };

  it('pods’ packets and nodes go by the machines’ own addresses, not by Vagrant’s', expectOwnAddresses);

  it('destroying a machine and vagrant up heal the cluster', async () => {
    const gone = await lab.vagrant('destroy', '-f', 'minion-2');
    expect(gone.code, gone.output).toBe(0);
    expect((await lab.hardway('up')).code).toBe(3);
    const healed = await lab.vagrant('up', '--provider=lxc');
    expect(healed.code, healed.output).toBe(0);
    expect(await nodes()).toEqual(allReady);
  });

  it('vagrant provision master converges again', async () => {
    await lab.kubectl(['scale', 'deployment/coredns', '-n', 'kube-system', '--replicas=1']);
    const told = await lab.vagrant('provision', 'master');
    expect(told.code, told.output).toBe(0);
    expect(told.output).toContain('deployment:kube-system/coredns (drift)');
    expect((await lab.hardway('plan')).code).toBe(0);
  });

  it('a second and a third pass over all machines change nothing', async () => {
    for (const pass of ['second', 'third']) {
      const told = await lab.vagrant('provision');
      expect(told.code, told.output).toBe(0);
      const done = told.output.match(/done: .* changes?/g) ?? [];
      expect([pass, ...new Set(done)], told.output).toEqual([pass, 'done: 0 changes']);
    }
  });

  it('vagrant provision of one machine repairs what was damaged there', async () => {
    await lab.on(
      'minion-1',
      'echo "# broken" >/etc/systemd/system/kube-proxy.service; systemctl daemon-reload',
    );
    const told = await lab.vagrant('provision', 'minion-1');
    expect(told.code, told.output).toBe(0);
    const unit = await lab.on(
      'minion-1',
      'cat /etc/systemd/system/kube-proxy.service; systemctl is-active kube-proxy',
    );
    expect(unit.stdout).toMatch(/ExecStart=\/usr\/local\/bin\/kube-proxy[^]*\nactive\n$/);
  });

  it('one more minion: it joins, and nothing on the others is restarted', async () => {
    const before = await Promise.all(machines.map((machine) => daemons(lab, machine)));
    lab.edit((description) => {
      const minions = description.nodes.find(({ name }) => name === 'minion');
      if (minions) minions.count = 3;
    });
    const told = await lab.vagrant('up', '--provider=lxc');
    expect(told.code, told.output).toBe(0);
    expect(await nodes()).toEqual([...allReady, 'minion-3 Ready'].sort());
    expect(await Promise.all(machines.map((machine) => daemons(lab, machine)))).toEqual(before);
  });

  it('down leaves nothing behind, on disk or in the kernel; logs aside', async () => {
    const made = await lab.on('minion-3', ofOtherPlugIns);
    expect(made.code, made.stderr).toBe(0);
    const down = await lab.hardway('down', '--yes');
    expect(down.code, down.output).toBe(0);
    for (const machine of [...machines, 'minion-3']) {
      expect([machine, ...(await leftovers(lab, machine))]).toEqual([machine]);
    }
  });

  it('all machines in parallel give the same cluster', async () => {
    await destroy(lab);
    lab.edit((description) => {
      const minions = description.nodes.find(({ name }) => name === 'minion');
      if (minions) minions.count = 2;
    });
    const told = await lab.vagrant('up', '--provider=lxc', '--parallel');
    expect(told.code, told.output).toBe(0);
    expect(await nodes()).toEqual(allReady);
    await expectOwnAddresses();
    expect((await lab.hardway('plan')).code).toBe(0);
  });

  it('meanwhile the other cluster on this host was left alone', async () => {
    expect(await firstDaemons()).toEqual(untouched);
    const plan = await first.hardway('plan');
    expect(plan.code, plan.output).toBe(0);
  });
});

/** What Calico, Cilium and kube-router make on a machine; their images are not to be had here. */
const ofOtherPlugIns = `set -e
for link in kube-bridge kube-dummy-if vxlan.calico cilium_vxlan; do ip link add $link type bridge; done
ip link add cilium_host type veth peer name cilium_net
mkdir -p /run/calico /run/cilium /var/lib/calico
nft add table ip filter
nft 'add chain ip filter FORWARD { type filter hook forward priority 0; policy accept; }'
for chain in cali-FORWARD CILIUM_FORWARD KUBE-ROUTER-FORWARD; do
  nft add chain ip filter $chain
  nft add rule ip filter FORWARD counter jump $chain
done
nft add rule ip filter cali-FORWARD counter accept`;
