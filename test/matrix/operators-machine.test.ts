import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { defaultCache } from '../../src/artefacts/cache.ts';
import { clean } from '../live/support/clean.mjs';
import { type OwnMachines, ownMachines } from '../live/support/own-machines.ts';

const root = join(import.meta.dirname, '..', '..');
const description = {
  name: 'hwt-operator',
  network: { machineCidr: '192.168.96.0/24' },
  nodes: [
    { name: 'master', roles: ['etcd', 'master'], ssh: 'local/eth1', address: '192.168.96.21' },
    {
      ...{ name: 'minion', roles: ['minion'] },
      ssh: { host: '192.168.96.22', user: 'admin', keys: ['key'] },
    },
  ],
};

/** Hardway runs on the machine that becomes the master: the other one is reached from there. */
describe('the operator’s own machine as the master', () => {
  let own: OwnMachines;
  const cache = defaultCache();
  const hardway = (line: string): string =>
    own.inside(
      'one',
      `cd /root/shop; HOME=${homedir()} HARDWAY_CACHE=${cache} NO_COLOR=1 ${process.execPath} ${root}/dist/hardway.js ${line} 2>&1 || echo "exit $?"`,
    );

  beforeAll(async () => {
    const shares = [process.execPath, root, cache];
    own = await ownMachines('hwt-operator', description, [
      { name: 'one', nic: 'eth1', address: '192.168.96.21', shares },
      { name: 'two', nic: 'eth1', address: '192.168.96.22' },
    ]);
    await own.start('one', 'two');
    const files = { 'cluster.json': JSON.stringify(description), key: readFileSync(own.key, 'utf8') };
    own.inside('one', 'mkdir -p /root/shop');
    for (const [name, text] of Object.entries(files))
      own.inside('one', `umask 077; cat >/root/shop/${name} <<'END'\n${text}\nEND`);
  });
  afterAll(() => clean());

  it('makes the same cluster as from outside, with no SSH to itself', () => {
    const up = hardway('up --yes');
    expect(up).toMatch(/done: \d+ changes/);
    expect(up).toMatch(/^master +Ready[\s\S]*^minion +Ready/m);
    expect(own.inside('one', 'journalctl -u ssh --no-pager | grep -c Accepted || true')).toBe('0\n');
    expect(hardway('plan')).toContain('nothing to do');
    expect(hardway('verify')).not.toContain('exit');
  });

  it('has the authorities’ keys where it keeps its cluster, and nowhere else', () => {
    const search = 'find / -xdev -name ca.key -not -path "/proc/*"';
    expect(own.inside('one', search)).toBe('/root/shop/.hardway/pki/ca.key\n');
    expect(own.inside('two', search)).toBe('');
  });

  it('can be left again; what is the operator’s stays', () => {
    hardway('down --yes');
    expect(own.inside('one', 'systemctl is-active kubelet etcd || true')).toBe('inactive\ninactive\n');
    expect(own.inside('one', 'ls /root/shop')).toContain('cluster.json');
  });
});
