import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startProxy, type TcpProxy } from '../fixtures/tcp-proxy.ts';
import { clean } from '../live/support/clean.mjs';
import { type OwnMachines, ownMachines } from '../live/support/own-machines.ts';

const description = {
  name: 'hwt-ways',
  network: { machineCidr: '192.168.113.0/24' },
  nodes: [
    { name: 'master', roles: ['etcd', 'master'], ssh: 'root@slow/eth1' },
    { name: 'minion', roles: ['minion'], ssh: 'admin@behind' },
  ],
};
/** cluster.json once the machines were asked: the same, with addresses. */
const located = ['192.168.113.11', '192.168.113.12'];
/** A third NIC, in the machines' range too, by which no other machine is reached. */
const STORAGE = '192.168.113.200';
const storage = `ip link add ens9 type veth peer name nobody
ip address add ${STORAGE}/26 dev ens9
ip link set nobody up
ip link set ens9 up`;
const machines = [
  { name: 'one', nic: 'eth1', address: '192.168.113.11', prepare: 'usermod --shell /bin/dash root' },
  { name: 'two', nic: 'ens4', address: '192.168.113.12', prepare: storage },
];

/** Milliseconds in either direction, and how late what was lost on the way comes. */
const LINK = [40, 300] as const;

/** A master at the end of a slow link, whose login shell is dash; a minion that only it can reach, with a NIC too many. */
describe('machines that are hard to reach', () => {
  let own: OwnMachines;
  let link: TcpProxy | undefined;
  const must = async (...args: string[]): Promise<string> => {
    const { code, output } = await own.hardway(args, {
      HARDWAY_SSH_CONFIG: join(own.folder, 'ssh_config'),
    });
    expect(code, output).toBe(0);
    return output;
  };

  beforeAll(async () => {
    // Machines are made by their addresses, which cluster.json does not tell.
    const nodes = description.nodes.map((node, index) => ({ ...node, address: located[index] }));
    own = await ownMachines('hwt-ways', { ...description, nodes }, machines);
    writeFileSync(join(own.folder, 'cluster.json'), JSON.stringify(description, null, 2));
    link = await startProxy(22, '192.168.113.11');
    link.delay(...LINK);
    writeFileSync(
      join(own.folder, 'ssh_config'),
      `Host slow
  HostName 127.0.0.1
  Port ${link.port}
Host behind
  HostName 192.168.113.12
  ProxyJump gate
Host gate
  HostName 192.168.113.11
  User admin
Host *
  IdentityFile ${own.key}
`,
    );
    await own.start('one', 'two');
  });
  afterAll(async () => {
    await link?.stop();
    clean();
  });

  it('tell their addresses, which cluster.json has from then on', async () => {
    expect(own.inside('two', 'ip -o -4 address show ens9')).toContain(` ${STORAGE}/26 `);
    const told = await must('node', 'locate');
    expect(told).toMatch(/^master +192\.168\.113\.11 +eth1$/m);
    expect(told).toMatch(/^minion +192\.168\.113\.12 +ens4$/m);
    const { nodes } = JSON.parse(readFileSync(join(own.folder, 'cluster.json'), 'utf8')) as {
      nodes: { address: string }[];
    };
    expect(nodes.map(({ address }) => address)).toEqual(located);
    expect(await must('node', 'locate')).toContain('has the address of every machine');
  });

  it('become a cluster, which is proven and settled', async () => {
    await must('up', '--yes');
    expect(await must('plan')).toContain('nothing to do');
    await must('verify');
  });

  it('talk by the NIC that reaches the others alone: nodes, overlay, and the port of each kubelet', () => {
    const kubectl = '/usr/local/bin/kubectl --kubeconfig /etc/kubernetes/admin.conf';
    const told = own.inside('one', `${kubectl} get nodes --output wide`);
    for (const [index, { name, nic, address }] of machines.entries()) {
      const node = description.nodes[index]!.name;
      expect(told).toMatch(new RegExp(`^${node} .* ${address.replaceAll('.', '\\.')} `, 'm'));
      expect(own.inside(name, 'ip -d link show flannel.1')).toContain(`local ${address} dev ${nic}`);
      const listening = own.inside(name, "ss -Htln 'sport = :10250' | awk '{ print $4 }'");
      expect(listening.trim()).toBe(`${address}:10250`);
    }
  });

  it('are left as they were', async () => {
    await must('down', '--yes');
    for (const { name } of machines)
      expect(own.inside(name, 'ls -d /etc/kubernetes /var/lib/hardway 2>/dev/null || true')).toBe('');
  });
});
