import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { bringUp } from './support/bring-up.ts';
import { told } from './support/changes.ts';
import { daemons } from './support/lab.ts';
import { mainLab, machines } from './support/main-lab.ts';

/** What happens to files, disks, clocks and this computer's own memory of a cluster that stands. */
describe('a standing cluster', () => {
  const lab = mainLab();
  let running: string[];
  const all = () => Promise.all(machines.map((machine) => daemons(lab, machine)));

  beforeAll(async () => {
    await bringUp(lab);
    running = await all();
  });
  afterEach(async () => {
    const plan = await told(lab, 'plan');
    expect([plan.code, plan.changes], plan.output).toEqual([0, []]);
    expect(await all()).toEqual(running);
  });

  const on = async (machine: string, script: string): Promise<string> => {
    const { ok, stdout, stderr } = await lab.on(machine, script);
    expect(ok, stderr).toBe(true);
    return stdout;
  };

  it('with files that a power failure left short: found although size and time lie, and written again', async () => {
    const damage = (path: string, size: string): string =>
      `touch -r ${path} /run/when; cp --remove-destination ${path} ${path}; truncate -s ${size} ${path}; touch -r /run/when ${path}`;
    await on(
      'minion-1',
      [damage('/opt/cni/bin/portmap', '1000000'), damage('/etc/flannel/pki/client.crt', '0')].join('\n'),
    );
    await on('master', damage('/etc/kubernetes/pki/apiserver-kubelet-client.crt', '300'));
    const up = await told(lab, 'up');
    expect(up.code, up.output).toBe(0);
    expect(up.changes).toEqual([
      'master file:/etc/kubernetes/pki/apiserver-kubelet-client.crt',
      'minion-1 artefact:/opt/cni/bin/portmap',
      'minion-1 file:/etc/flannel/pki/client.crt',
    ]);
  });

  it('with other modes and owners, though the content is right: told as drift and put back', async () => {
    await on('master', 'chmod 666 /etc/kubernetes/admin.conf; chown nobody /etc/etcd/pki/server.key');
    const plan = await lab.hardway('plan', '--verbose');
    expect(plan.code).toBe(2);
    expect(plan.output).toMatch(/~ file:\/etc\/kubernetes\/admin\.conf[\s\S]*mode: 0666 → 0600/);
    expect(plan.output).toMatch(/~ file:\/etc\/etcd\/pki\/server\.key[\s\S]*owner: nobody:etcd → etcd:etcd/);
    expect((await lab.hardway('up')).code).toBe(0);
    expect(await on('master', 'stat -c %a:%U /etc/kubernetes/admin.conf /etc/etcd/pki/server.key')).toBe(
      '600:root\n600:etcd\n',
    );
  });

  it('with one clock an hour away: refused with both times, before anything is touched', async () => {
    await on('minion-2', 'chmod 600 /etc/flannel/pki/ca.crt'); // something to do
    await on(
      'minion-2',
      `cat >/usr/local/sbin/date <<'X'
#!/bin/sh
exec /bin/date -d "@$(( $(/bin/date +%s) + 3600 ))" "$@"
X
chmod +x /usr/local/sbin/date`,
    );
    try {
      const up = await lab.hardway('up');
      expect(up.code).toBe(1);
      const time = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ`;
      expect(up.output).toMatch(
        new RegExp(String.raw`✗ minion-2: its clock says ${time}, the median is ${time}\n.*timedatectl`),
      );
      expect(await on('minion-2', 'stat -c %a /etc/flannel/pki/ca.crt')).toBe('600\n');
    } finally {
      await on('minion-2', 'rm /usr/local/sbin/date');
    }
    expect((await lab.hardway('up')).code).toBe(0);
  });

  it('with a /tmp that is full, noexec and holds somebody else’s files: not needed for anything', async () => {
    await on(
      'minion-1',
      `mount -t tmpfs -o size=64k,noexec,mode=1777 tmpfs /tmp
head -c 1M /dev/zero >/tmp/filler 2>/dev/null
mkdir -p /tmp/hardway; chown nobody /tmp/hardway
rm /opt/cni/bin/portmap /etc/flannel/pki/client.key`,
    );
    try {
      const up = await told(lab, 'up');
      expect(up.code, up.output).toBe(0);
      expect(up.changes).toEqual([
        'minion-1 artefact:/opt/cni/bin/portmap',
        'minion-1 file:/etc/flannel/pki/client.key',
      ]);
      expect(await on('minion-1', 'ls /tmp')).toBe('filler\nhardway\n');
    } finally {
      await on('minion-1', 'umount /tmp');
    }
  });

  describe('whose memory on this computer is lost', () => {
    const state = join(lab.folder, '.hardway');
    const away = `${state}.away`;

    /** Takes what is named away, and gives everything back afterwards. */
    async function without(names: readonly string[], work: () => Promise<void>): Promise<void> {
      mkdirSync(away);
      for (const name of names) renameSync(join(state, name), join(away, name));
      try {
        await work();
      } finally {
        for (const name of names) {
          rmSync(join(state, name), { recursive: true, force: true });
          renameSync(join(away, name), join(state, name));
        }
        rmSync(away, { recursive: true });
      }
    }

    it('all of it: refused, with what is missing; no new authority is made', async () => {
      const names = readdirSync(state).filter((name) => !['inventory', '.gitignore'].includes(name));
      await without(names, async () => {
        const up = await lab.hardway('up');
        expect(up.code).toBe(1);
        expect(up.output).toMatch(/✗ \S+: belongs to a cluster with another certificate authority/);
        expect(up.output).toMatch(/there: [0-9A-F:]{95}\n +here: +[0-9A-F:]{95}/);
        expect(up.output).toContain(
          'pki/ca.key, pki/etcd-ca.key, pki/front-proxy-ca.key; no machine has a copy',
        );
        expect(existsSync(join(state, 'pki'))).toBe(false);
        expect(existsSync(join(state, 'kubeconfig'))).toBe(false);
      });
    });

    it('the keys: refused, naming each file', async () => {
      await without(['pki'], async () => {
        const up = await lab.hardway('up');
        expect(up.code).toBe(1);
        expect(up.output).toMatch(/✗ the .* is missing, and a new one is never made silently/);
        expect(up.output).toMatch(/missing: \S+\/\.hardway\/pki\/\S+\.key/);
        expect(existsSync(join(state, 'pki', 'ca.key'))).toBe(false);
      });
    });

    it('what can be had again is had again: kubeconfig, host keys, journal', async () => {
      const names = ['kubeconfig', 'known_hosts', 'journal.ndjson'].filter((name) =>
        existsSync(join(state, name)),
      );
      await without(names, async () => {
        const up = await told(lab, 'up');
        expect([up.code, up.changes], up.output).toEqual([0, []]);
        for (const name of names) expect(existsSync(join(state, name)), name).toBe(true);
        expect(await lab.kubectl(['get', 'nodes', '-o', 'name'])).toContain('node/master');
      });
    });

    it('where the machines are: nobody is touched, all are awaited', async () => {
      await without(['inventory'], async () => {
        const up = await lab.hardway('up');
        expect(up.code, up.output).toBe(3);
        expect(up.output).toMatch(/awaiting master, minion-1, minion-2/);
      });
    });
  });
});
