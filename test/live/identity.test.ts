import { createPrivateKey, createPublicKey } from 'node:crypto';
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { loadAuthority } from '../../src/pki/authority.ts';
import type { Usage } from '../../src/pki/oids.ts';
import { bringUp } from './support/bring-up.ts';
import { told } from './support/changes.ts';
import { rebuild } from './support/disk.ts';
import { daemons } from './support/lab.ts';
import { mainLab, machines } from './support/main-lab.ts';

/** Who is who: certificates, names, addresses, tokens; lost, expired, or another's. */
describe('identities', () => {
  const lab = mainLab();
  const kept = (...parts: string[]): string => join(lab.folder, '.hardway', ...parts);
  const all = () => Promise.all(machines.map((machine) => daemons(lab, machine)));

  beforeAll(async () => {
    await bringUp(lab);
  });
  afterEach(async () => {
    const plan = await told(lab, 'plan');
    expect([plan.code, plan.changes], plan.output).toEqual([0, []]);
  });

  /** A certificate of the same key for the same holder, which ended a second after it was made. */
  async function expired(ca: string, key: string, who: object): Promise<string> {
    const authority = loadAuthority(
      readFileSync(kept('pki', `${ca}.crt`), 'utf8'),
      readFileSync(kept('pki', `${ca}.key`), 'utf8'),
    );
    const publicKey = createPublicKey(createPrivateKey(key));
    const names = { dns: [], ip: [] };
    const usages: Usage[] = ['client'];
    const leaf = authority.issue({
      ...{ publicKey, usages, names, commonName: '', days: 1 / 86_400 },
      ...who,
    });
    await new Promise((resolve) => setTimeout(resolve, 1100));
    return leaf.certificatePem;
  }

  async function until(attempt: () => Promise<unknown>): Promise<void> {
    for (let tries = 0; ; tries += 1) {
      const failed = await attempt().then(
        () => null,
        (error: unknown) => error,
      );
      if (failed === null) return;
      if (tries === 100) throw failed;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }

  it('the join token lost after all have joined: made anew, nothing else happens', async () => {
    const before = await all();
    rmSync(kept('cluster-token'));
    const up = await told(lab, 'up');
    expect([up.code, up.changes], up.output).toEqual([0, []]);
    expect(readFileSync(kept('cluster-token'), 'utf8')).toMatch(/^[a-z0-9]{6}\.[a-z0-9]{16}\n$/);
    expect(await all()).toEqual(before);
  });

  it.each(['ca.key', 'etcd-ca.crt', 'service-account.key'])(
    '%s lost: refused with what depends on it, never made again',
    async (file) => {
      renameSync(kept('pki', file), kept('aside'));
      const up = await lab.hardway('up').finally(() => renameSync(kept('aside'), kept('pki', file)));
      expect(up.code).toBe(1);
      expect(up.output).toContain('is missing, and a new one is never made silently');
      expect(up.output).toMatch(new RegExp(`missing: /.*/pki/${file}\n`));
      expect(up.output).toMatch(/depends on it: \S/);
    },
  );

  it('certificates deleted on a machine come back from the operator’s side; only what runs with them restarts', async () => {
    await lab.on('minion-1', 'rm /etc/flannel/pki/client.crt /etc/kubernetes/pki/ca.crt');
    const before = await all();
    const up = await told(lab, 'up');
    expect([up.code, up.changes], up.output).toEqual([
      0,
      ['minion-1 file:/etc/flannel/pki/client.crt', 'minion-1 file:/etc/kubernetes/pki/ca.crt'],
    ]);
    expect(await all()).toEqual(before);
  });

  it('one leaf expired: that one is renewed, and its one consumer restarted', async () => {
    const [crt, key] = [kept('pki/minion-1/flannel.crt'), kept('pki/minion-1/flannel.key')];
    writeFileSync(crt, await expired('etcd-ca', readFileSync(key, 'utf8'), { commonName: 'flannel' }));
    const up = await told(lab, 'up');
    expect([up.code, up.changes], up.output).toEqual([
      0,
      [
        'minion-1 file:/etc/flannel/pki/client.crt',
        'minion-1 file:/etc/flannel/pki/client.key',
        'minion-1 service:flanneld.service',
      ],
    ]);
  });

  it('another name for the API: plan names its certificate and nothing else', async () => {
    const plan = await told(lab, 'plan', '--set', 'controlPlane.sans=["k8s.example.org"]');
    expect([plan.code, plan.changes], plan.output).toEqual([
      2,
      ['master file:/etc/kubernetes/pki/apiserver.crt', 'master file:/etc/kubernetes/pki/apiserver.key'],
    ]);
  });

  it('a machine that slept past the end of its kubelet’s certificate joins again', async () => {
    const pem = '/var/lib/kubelet/pki/kubelet-client-current.pem';
    const key = (await lab.on('minion-1', `sed -n '/PRIVATE KEY/,/PRIVATE KEY/p' ${pem}`)).stdout;
    const who = { commonName: 'system:node:minion-1', organizations: ['system:nodes'] };
    const pair = (await expired('ca', key, who)) + key;
    await lab.on('minion-1', `cat > $(readlink ${pem}) <<'EOF'\n${pair}EOF\nsystemctl restart kubelet`);
    const up = await lab.hardway('up');
    expect(up.code, up.output).toBe(0);
    expect(up.output).toContain('certificate:kubelet-client (standing)');
  });

  it('another host name on a machine: put right, and its kubelet never registers under it', async () => {
    await lab.on('minion-1', 'hostname strange; echo strange > /etc/hostname; systemctl restart kubelet');
    const up = await told(lab, 'up');
    expect([up.code, up.changes], up.output).toEqual([
      0,
      ['minion-1 file:/etc/hostname', 'minion-1 hostname:running'],
    ]);
    expect(await lab.kubectl(['get', 'nodes', '-o', 'name'])).not.toContain('strange');
  });

  it('another address on a machine: refused, with the addresses that are there', async () => {
    const inventory = kept('inventory', 'minion-1.json');
    const good = readFileSync(inventory, 'utf8');
    const address = /"host": "([^"]*)"/.exec(good)?.[1] ?? '';
    const other = address.replace(/\d+$/, '200');
    /** Not while the answer is on its way; then the machine is met at its new address. */
    const move = async (from: string, to: string): Promise<void> => {
      const change = `ip address delete ${from}/24 dev eth1; ip address add ${to}/24 dev eth1`;
      await lab.on('minion-1', `systemd-run --quiet sh -c 'sleep 0.3; ${change}'`);
      writeFileSync(inventory, good.replace(address, to));
      await until(() => lab.on('minion-1', 'true'));
    };
    await move(address, other);
    const up = await lab.hardway('up').finally(() => move(other, address));
    expect(up.code).toBe(1);
    expect(up.output).toContain(`minion-1: no NIC carries ${address}; there are `);
    expect(up.output).toContain(`eth1 ${other}/24`);
  });

  it('a Node deleted by hand: its kubelet registers again, with its labels', async () => {
    await lab.kubectl(['delete', 'node', 'minion-1']);
    const plan = await told(lab, 'plan');
    expect(plan.changes).toEqual(['master node:minion-1', 'minion-1 registration:minion-1']);
    const up = await told(lab, 'up');
    expect([up.code, up.changes], up.output).toEqual([0, plan.changes]);
    expect(await lab.kubectl(['get', 'node', 'minion-1', '--no-headers'])).toMatch(/ Ready +minion /);
  });

  it('the database gone under a cluster that was up: refused, never begun anew', async () => {
    // One that runs looks into its folder now and then, and ends when that is not there.
    await lab.on('master', 'systemctl stop etcd && mv /var/lib/etcd/member /var/lib/etcd/aside');
    const back = 'mv /var/lib/etcd/aside /var/lib/etcd/member && systemctl start etcd';
    const up = await lab.hardway('up').finally(() => lab.on('master', back));
    expect(up.code).toBe(1);
    expect(up.output).toContain('master: its etcd database is gone, but the cluster was up already');
    expect(up.output).toContain('joined through it: master, minion-1, minion-2');
  });

  it('a minion rebuilt under its name: stopped by its host key, joins again once that is trusted', async () => {
    const others = () => Promise.all(['master', 'minion-2'].map((machine) => daemons(lab, machine)));
    const before = await others();
    await rebuild(lab, 'minion-1');
    const stopped = await lab.hardway('up');
    expect(stopped.code).toBe(1);
    expect(stopped.output).toMatch(/minion-1: host key changed: pinned SHA256:\S+ offered SHA256:/);
    expect((await lab.hardway('trust', 'minion-1')).code).toBe(0);
    const up = await lab.hardway('up');
    expect(up.code, up.output).toBe(0);
    expect(await lab.kubectl(['get', 'node', 'minion-1', '--no-headers'])).toMatch(/ Ready +minion /);
    expect(await others()).toEqual(before);
  });
});
