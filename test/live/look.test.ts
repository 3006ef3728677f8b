import { afterEach, describe, expect, it } from 'vitest';
import { standing } from './support/bring-up.ts';
import { command } from './support/command.ts';
import { interrupted } from './support/interrupted.ts';
import { makeLab } from './support/lab.ts';

const lab = makeLab('hwt-look', '192.168.91.0/24');
lab.edit((description) => {
  description['addons'] = { coredns: true, 'local-path': true, traefik: true };
});
const machines = ['master', 'minion-1', 'minion-2'];

interface Said {
  readonly lines: readonly { id: string; is: string; from?: string }[];
  readonly problems: readonly string[];
}

async function status(): Promise<{
  code: number | null;
  wrong: string[];
  follows: string[];
  output: string;
}> {
  const { code, output } = await lab.hardway('status', '--json');
  const { lines } = JSON.parse(output) as Said;
  const ids = (is: string): string[] => lines.filter((line) => line.is === is).map(({ id }) => id);
  return { code, wrong: ids('wrong'), follows: ids('follows'), output };
}

interface Verified {
  readonly findings: readonly { check: string; is: string; found: string; machine: string }[];
}

/** The checks of which something is wrong. */
async function verify(...words: string[]): Promise<{ code: number | null; wrong: string[]; output: string }> {
  const { code, output } = await lab.hardway('verify', ...words, '--json');
  const { findings } = JSON.parse(output) as Verified;
  const wrong = findings.filter(({ is }) => is === 'wrong').map(({ check }) => check);
  return { code, wrong: [...new Set(wrong)], output };
}

const namespaces = (): Promise<string> => lab.kubectl(['get', 'namespaces', '-o', 'name']);
const images = async (): Promise<string> =>
  (await Promise.all(machines.map((machine) => lab.on(machine, 'ctr -n k8s.io images ls -q'))))
    .map(({ stdout }) => stdout)
    .join('');

/** Nothing that verify or demo made is left, in the cluster or on a machine. */
async function expectNothingLeft(): Promise<void> {
  expect(await namespaces()).not.toMatch(/hardway-/);
  expect(await images()).not.toMatch(/hardway\.local\/(verify|demo|probe)/);
}

standing(lab);

describe('hardway status', () => {
  it('goes on until Ctrl-C, one look below the other where there is no terminal', async () => {
    const { code, output } = await interrupted(lab, /all is well[^]*all is well/, 'status', '--watch', '0.2');
    expect(code, output).toBe(0);
    expect(output.match(/^\d\d:\d\d:\d\d$/gm)!.length).toBeGreaterThanOrEqual(2);
  });

  it('on a terminal each look takes the place of the one before', async () => {
    const watching = `${process.execPath} dist/hardway.js status --watch 0.5`;
    const { output } = await command('script', ['-qefc', `timeout -s INT 8 ${watching}`, '/dev/null'], {
      cwd: lab.folder,
      env: { TERM: 'xterm' },
    });
    const [HIDE, SHOW, HOME] = ['\u001b[?25l', '\u001b[?25h', '\u001b[H'];
    expect([output.split(HIDE).length, output.split(SHOW).length]).toEqual([2, 2]);
    expect(output.split(HOME).length).toBeGreaterThan(2);
    expect(output.match(/all is well/g)?.length).toBeGreaterThan(1);
  });

  it('shows that all is well on one screen', async () => {
    const { code, output } = await lab.hardway('status');
    expect(code, output).toBe(0);
    expect(output).toMatch(/✓ +pods +6 of 6 ways between machines carry \d+ bytes in one packet/);
    expect(output).toMatch(/all is well\n$/);
    expect(output.split('\n').length).toBeLessThan(24);
  });

  const stopped: [machine: string, service: string][] = [
    ['master', 'etcd'],
    ['master', 'kube-apiserver'],
    ['master', 'kube-controller-manager'],
    ['master', 'kube-scheduler'],
    ['minion-1', 'containerd'],
    ['minion-1', 'kubelet'],
    ['minion-1', 'flanneld'],
    ['minion-2', 'kube-proxy'],
  ];
  it.each(stopped)('%s without %s: exactly its line is wrong', async (machine, service) => {
    await lab.on(machine, `systemctl stop ${service}`);
    const { code, wrong, output } = await status();
    await lab.on(machine, `systemctl start ${service}`);
    expect([code, wrong], output).toEqual([1, [`component/${machine}/${service}`]]);
    await expect.poll(async () => (await status()).code, { timeout: 60_000 }).toBe(0);
  });

  it('without CoreDNS: exactly its line is wrong, and names follow from it', async () => {
    await lab.kubectl(['scale', 'deployment', 'coredns', '-n', 'kube-system', '--replicas=0']);
    await lab.kubectl([
      'wait',
      '--for=delete',
      'pod',
      '-l',
      'k8s-app=kube-dns',
      '-n',
      'kube-system',
      '--timeout=60s',
    ]);
    const { wrong, follows, output } = await status();
    const probes = await verify();
    await lab.kubectl(['scale', 'deployment', 'coredns', '-n', 'kube-system', '--replicas=2']);
    expect([wrong, follows], output).toEqual([['add-on/kube-system/coredns'], ['dns']]);
    expect([probes.code, probes.wrong], probes.output).toEqual([1, ['dns']]);
    await lab.kubectl(['rollout', 'status', 'deployment/coredns', '-n', 'kube-system', '--timeout=60s']);
  });
});

describe('hardway status of add-ons', () => {
  const workloads: [name: string, off: string[], on: string[]][] = [
    [
      'local-path-storage/local-path-provisioner',
      ['scale', 'deployment/local-path-provisioner', '-n', 'local-path-storage', '--replicas=0'],
      ['scale', 'deployment/local-path-provisioner', '-n', 'local-path-storage', '--replicas=1'],
    ],
    [
      'traefik/traefik',
      ['set', 'image', 'daemonset/traefik', '-n', 'traefik', 'traefik=nobody.invalid/none:1'],
      ['rollout', 'undo', 'daemonset/traefik', '-n', 'traefik'],
    ],
  ];
  it.each(workloads)('without %s: exactly its line is wrong', async (name, off, on) => {
    await lab.kubectl(off);
    await expect.poll(async () => (await status()).code, { timeout: 60_000, interval: 1000 }).toBe(1);
    const { wrong, output } = await status();
    await lab.kubectl(on);
    expect(wrong, output).toEqual([`add-on/${name}`]);
    await expect.poll(async () => (await status()).code, { timeout: 90_000, interval: 1000 }).toBe(0);
  });
});

describe('hardway verify', () => {
  const doors = 'nft delete table inet hwt 2>/dev/null; true';
  const drop = (rule: string): string =>
    `nft add table inet hwt; nft add chain inet hwt before '{ type filter hook prerouting priority -300; }'; nft add rule inet hwt before ${rule} drop`;
  afterEach(async () => {
    await Promise.all(machines.map((machine) => lab.on(machine, doors)));
    await expectNothingLeft();
  });

  it('proves everything, and leaves nothing', async () => {
    const { code, output } = await lab.hardway('verify');
    expect(code, output).toBe(0);
    for (const check of [
      'nodes',
      'etcd',
      'components',
      'dns',
      'pods',
      'services',
      'nodeports',
      'logs',
      'exec',
      'storage',
    ])
      expect(output).toMatch(new RegExp(`^✓ ${check}: `, 'm'));
    expect(output).toMatch(/✓ pods: .*: 9 of 9, 1450 bytes in one packet/);
  });

  const broken: [what: string, machine: string, rule: string, wrong: string[]][] = [
    ['the overlay cut off on one machine', 'minion-1', 'udp dport 8472', ['pods']],
    ['the kubelet unreachable on one machine', 'minion-2', 'tcp dport 10250 iifname eth1', ['logs', 'exec']],
    ['NodePorts closed on one machine', 'minion-2', 'tcp dport 30000-32767', ['nodeports']],
  ];
  it.each(broken)('%s: exactly that is found', async (_, machine, rule, expected) => {
    await lab.on(machine, drop(rule));
    const { code, wrong, output } = await verify();
    expect([code, wrong], output).toEqual([1, expected]);
  });

  it('clears away what it made when it is stopped, and what an earlier one left when that was killed', async () => {
    await lab.kubectl(['create', 'namespace', 'hardway-verify']);
    await lab.kubectl(['label', 'namespace', 'hardway-verify', 'hardway.dev/made-by=verify']);
    const told = await interrupted(lab, /two pods on each/, 'verify', 'pods');
    expect(told.code, told.output).toBe(1);
    expect(told.output).toMatch(/✗ stopped; everything it made is gone again/);
  });

  it('leaves a namespace of somebody else’s alone', async () => {
    await lab.kubectl(['create', 'namespace', 'hardway-verify']);
    const told = await lab.hardway('verify', 'pods');
    expect(await namespaces()).toContain('hardway-verify');
    await lab.kubectl(['delete', 'namespace', 'hardway-verify']);
    expect([told.code, told.output]).toEqual([
      1,
      expect.stringMatching(/was made by somebody else and stays/),
    ]);
  });
});

describe('hardway demo', () => {
  it('shows each step and is gone', async () => {
    const { code, output } = await lab.hardway('demo');
    expect(code, output).toBe(0);
    for (const step of ['database', 'front', 'count', 'data', 'page', 'gone'])
      expect(output).toMatch(new RegExp(`^✓ ${step}: `, 'm'));
    expect(output).toMatch(/✓ data: outlived its pod: .* visitor 3/);
    await expectNothingLeft();
  });

  it('stays when it is to be kept, until it is to be removed', async () => {
    const { output } = await lab.hardway('demo', '--keep');
    const host = /→ http:\/\/(\S+)\/$/m.exec(output)?.[1] ?? '';
    const at = /\/etc\/hosts of this computer: (\S+) /.exec(output)?.[1] ?? '';
    const page = await command('curl', ['-sS', '-m', '10', '-H', `Host: ${host}`, `http://${at}/`], {
      cwd: lab.folder,
    });
    expect(page.output, output).toMatch(/You are visitor <b id="visitor">5</);
    expect(await namespaces()).toContain('hardway-demo');
    expect((await lab.hardway('demo', '--remove')).code).toBe(0);
    await expectNothingLeft();
  });

  it('tells why it failed, before it is taken away', async () => {
    await lab.kubectl(['taint', 'nodes', '--all', 'hwt=full:NoSchedule']);
    const { code, output } = await lab.hardway('demo', '--set', 'timeouts.rollout=5');
    await lab.kubectl(['taint', 'nodes', '--all', 'hwt-']);
    expect(code, output).toBe(1);
    expect(output).toMatch(/✗ the database did not come up within 5 s[^]*untolerated taint[^]*✓ gone/);
    await expectNothingLeft();
  });
});
