import { execFileSync } from 'node:child_process';
import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { defaultCache } from '../../src/artefacts/cache.ts';
import { bringUp } from './support/bring-up.ts';
import { daemons } from './support/lab.ts';
import { mainLab, machines } from './support/main-lab.ts';

/** After each fault: one clear sentence was said, and the cluster is what it was. */
describe('faults', () => {
  const lab = mainLab();
  let running: string[];
  const all = () => Promise.all(machines.map((machine) => daemons(lab, machine)));
  const description = join(lab.folder, 'cluster.json');

  beforeAll(async () => {
    await bringUp(lab);
    running = await all();
  });
  afterEach(async () => {
    expect(await all()).toEqual(running);
    expect((await lab.hardway('plan')).code).toBe(0);
  });

  it('ten mistakes in cluster.json: ten messages with line and column, nothing touched', async () => {
    const good = readFileSync(description);
    cpSync(join(lab.folder, 'test/fixtures/ten-mistakes.json'), description);
    const told = await lab.hardway('up').finally(() => writeFileSync(description, good));
    expect(told.code).toBe(1);
    expect(told.output.match(/cluster\.json:\d+:\d+ /g)).toHaveLength(10);
    expect(told.output).toMatch(/overlap/);
  });

  it('a machine that is not there: named, exit 3, the rest converges', async () => {
    expect((await lab.vagrant('halt', '--force', 'minion-2')).code).toBe(0);
    try {
      const told = await lab.hardway('up');
      expect(told.code, told.output).toBe(3);
      expect(told.output).toContain('awaiting minion-2');
    } finally {
      expect((await lab.npm('run', 'lab')).code).toBe(0);
      running = await all();
    }
  });

  it('a changed host key: refused with both fingerprints and the command that accepts it', async () => {
    const file = join(lab.folder, '.hardway', 'known_hosts');
    const good = readFileSync(file, 'utf8');
    const keys = good.split('\n').map((line) => line.split(' '));
    const [first, second] = keys;
    if (first === undefined || second === undefined) throw new Error('two known hosts are needed');
    writeFileSync(file, good.replace(first[2] ?? '', second[2] ?? ''));
    const told = await lab.hardway('up').finally(() => writeFileSync(file, good));
    expect(told.code).toBe(1);
    expect(told.output.match(/SHA256:/g)?.length).toBeGreaterThanOrEqual(2);
    expect(told.output).toContain('hardway trust ');
  });

  it('a wrong key: the machine, the user and the key file are named', async () => {
    const file = join(lab.folder, '.hardway', 'inventory', 'minion-1.json');
    const good = readFileSync(file, 'utf8');
    const other = JSON.parse(
      readFileSync(join(lab.folder, '.hardway', 'inventory', 'master.json'), 'utf8'),
    ) as { keys: string[] };
    writeFileSync(file, JSON.stringify({ ...(JSON.parse(good) as object), keys: other.keys }));
    const told = await lab.hardway('up').finally(() => writeFileSync(file, good));
    expect(told.code).toBe(1);
    expect(told.output).toMatch(/minion-1.*vagrant/);
    expect(told.output).toContain(other.keys[0] ?? '?');
  });

  it('a full disk: the path and the bytes are named, nothing half-written stays', async () => {
    const target = '/etc/flannel/pki';
    await lab.on(
      'minion-1',
      `mkdir /tmp/full && cp -a ${target}/. /tmp/full && mount -t tmpfs -o size=16k tmpfs ${target} && cp -a /tmp/full/. ${target} && rm ${target}/client.key && head -c 64k /dev/zero > ${target}/filler; true`,
    );
    try {
      const told = await lab.hardway('up');
      expect(told.code).toBe(1);
      expect(told.output).toMatch(/minion-1.*no space/i);
      const left = await lab.on('minion-1', `ls -A ${target}`);
      expect(left.stdout.split('\n').filter((name) => name.startsWith('.'))).toEqual([]);
    } finally {
      await lab.on('minion-1', `umount ${target}; rm -rf /tmp/full`);
    }
  });

  it('a corrupted artefact: both sums are shown, nothing is installed', async () => {
    const cache = join(defaultCache(), 'artefacts');
    const folder = readdirSync(cache).find((name) => name.startsWith('flannel-')) ?? '';
    const copy = join(lab.folder, 'damaged-cache');
    cpSync(cache, join(copy, 'artefacts'), { recursive: true });
    const victim = join(copy, 'artefacts', folder, 'flanneld');
    const bytes = readFileSync(victim);
    bytes[1000] = (bytes[1000] ?? 0) ^ 1;
    writeFileSync(victim, bytes);
    process.env['HARDWAY_CACHE'] = copy;
    try {
      const told = await lab.hardway('up');
      expect(told.code).toBe(1);
      expect(told.output).toContain(victim);
      expect(told.output.match(/[0-9a-f]{64}/g)?.length).toBeGreaterThanOrEqual(2);
    } finally {
      delete process.env['HARDWAY_CACHE'];
      execFileSync('rm', ['-rf', copy]);
    }
  });
});
