import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { workFolder } from '../resources/bench.ts';
import { planFor, resourcesOf } from './scratch.ts';

/** Every unit file and script of the recipe, by path. */
const texts = new Map(
  resourcesOf(planFor('vm-cgroup-v2'), 'master').flatMap(({ resource }) =>
    resource
      .steps(null)
      .flatMap((step) =>
        'put' in step && typeof step.content === 'string' ? [[step.put, step.content] as const] : [],
      ),
  ),
);
const units = [...texts].filter(([path]) => path.endsWith('.service'));

/** systemd ignores, with one line in its log, a key that is not of its section (systemd 252). */
const known: Record<string, readonly string[]> = {
  Unit: ['Description', 'Documentation', 'Wants', 'After', 'StartLimitIntervalSec'],
  Service: [
    ...[
      'Type',
      'User',
      'Group',
      'Environment',
      'EnvironmentFile',
      'ExecStartPre',
      'ExecStart',
      'ExecStartPost',
      'KillMode',
      'Delegate',
    ],
    ...['Restart', 'RestartSec', 'TimeoutStartSec', 'TimeoutStopSec'],
    ...['TasksMax', 'LimitCORE', 'LimitNOFILE', 'OOMScoreAdjust'],
  ],
  Install: ['WantedBy'],
};

function misplaced(text: string): string[] {
  let section = '';
  const wrong: string[] = [];
  for (const line of text.replaceAll('\\\n', '').split('\n')) {
    section = /^\[(\w+)\]$/.exec(line)?.[1] ?? section;
    const key = /^(\w+)=/.exec(line)?.[1];
    if (key !== undefined && !known[section]?.includes(key)) wrong.push(`${key} in [${section}]`);
  }
  return wrong;
}

describe('units', () => {
  it('are nine on a master', () => {
    expect(units).toHaveLength(9);
  });

  // Known bug: StartLimitIntervalSec=0 stands in [Service], where systemd ignores it. Once moved: `it`.
  it('have each key in the section that knows it', () => {
    expect(units.flatMap(([path, text]) => misplaced(text).map((wrong) => `${path}: ${wrong}`))).toEqual([]);
  });

  it.each(units)('%s records its start, restarts for ever and is started at boot', (_, text) => {
    expect(text).toMatch(/^ExecStartPre=\+\/usr\/local\/lib\/hardway\/record-start /m);
    expect(text).toMatch(/^Restart=always\nRestartSec=1$/m);
    expect(text).toMatch(/^StartLimitIntervalSec=0$/m);
    expect(text).toMatch(/^WantedBy=multi-user\.target\n$/m);
  });
});

describe('write-cni', () => {
  const folder = workFolder();
  const script = join(folder, 'write-cni');
  const conflist = join(folder, 'cni/10-flannel.conflist');
  const text = texts.get('/usr/local/lib/hardway/write-cni') ?? '';
  const write = (subnet: string): string => {
    const moved = text
      .replaceAll('/etc/cni/net.d', join(folder, 'cni'))
      .replaceAll('/run/flannel/subnet.env', join(folder, 'subnet.env'));
    mkdirSync(folder, { recursive: true });
    writeFileSync(script, moved, { mode: 0o755 });
    const env = `FLANNEL_NETWORK=10.244.0.0/16\nFLANNEL_SUBNET=${subnet}\nFLANNEL_MTU=1450\nFLANNEL_IPMASQ=true\n`;
    writeFileSync(join(folder, 'subnet.env'), env);
    execFileSync(script);
    return readFileSync(conflist, 'utf8');
  };
  const subnets: [string, string][] = [
    ['10.244.3.1/24', '10.244.3.0/24'],
    ['10.244.255.129/25', '10.244.255.128/25'],
    ['172.31.17.1/20', '172.31.16.0/20'],
    ['192.168.200.201/30', '192.168.200.200/30'],
  ];
  it.each(subnets)('turns the address of the bridge %s into its network %s', (address, network) => {
    expect(JSON.parse(write(address))).toMatchObject({
      plugins: [
        {
          bridge: 'cni0',
          mtu: 1450,
          ipam: { ranges: [[{ subnet: network }]], routes: [{ dst: '10.244.0.0/16' }] },
        },
        { type: 'portmap' },
      ],
    });
  });

  it('leaves the file alone when nothing is new', () => {
    write('10.244.3.1/24');
    utimesSync(conflist, 1000, 1000);
    write('10.244.3.1/24');
    expect(statSync(conflist).mtimeMs).toBe(1_000_000);
    write('10.244.4.1/24');
    expect(statSync(conflist).mtimeMs).not.toBe(1_000_000);
  });
});
