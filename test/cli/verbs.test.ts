import { appendFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Explanation } from '../../src/cli/product.ts';
import { readInventory, writeMachine } from '../../src/state/inventory.ts';
import { runMain, workplace } from './workplace.ts';

const explanations: Explanation[] = [
  'file:/etc/systemd/system/kubelet.service',
  'service:kubelet.service',
  'file:/etc/hosts',
  'sysctl:net.ipv4.ip_forward',
  'node:minion-1',
].map((id) => ({ id, phase: 'kubelet', docs: 'https://example.org', why: '', keys: ['nodes'] }));
const work = workplace(explanations);

describe('hardway phases', () => {
  it('lists each phase with what it does, where, what it needs and its page', async () => {
    const { code, out } = await work.run('phases');
    expect(code).toBe(0);
    const lines = out.split('\n');
    expect(lines[0]).toMatch(/^PHASE +WHAT IT DOES +ON +NEEDS$/);
    expect(lines[1]).toMatch(/^prepare +Do prepare +master minion-1 minion-2 +prepare to be possible$/);
    expect(lines).toContain('join: https://example.org/join');
  });

  it('does so for programs too', async () => {
    const { code, out } = await work.run('phases', '--json');
    expect([code, (JSON.parse(out) as { name: string }[]).map(({ name }) => name)]).toEqual([
      0,
      ['prepare', 'join', 'resize', 'leave'],
    ]);
  });
});

it('hardway machines tells a Vagrantfile that there is nothing to make', async () => {
  const { code, out, err } = await work.run('machines', '--set', 'provider=qemu');
  expect([code, out]).toEqual([1, '']);
  expect(err).toContain('cluster.json has no machine that Vagrant is to make');
  expect(err).toContain('hardway lab starts them under qemu');
});

describe('what does not exist is refused with a list of what there is', () => {
  const all = 'There are: prepare, join, resize, leave.';
  const machines = 'There are: master, minion-1, minion-2.';
  it.each([
    ['phase nets', 'there is no phase nets', all],
    ['up --only join,nets', 'there is no phase nets', all],
    ['up --skip nets', 'there is no phase nets', all],
    ['plan --from nets', 'there is no phase nets', all],
    ['plan --on minion-9', 'there is no machine minion-9', machines],
    ['why minion-9 kubelet', 'minion-9 is no machine of test', machines],
    ['explain xyzzy', 'nothing here is called xyzzy', 'hardway explain role master'],
    ['explain --authorisation-mode=x', 'nothing here is called --authorisation-mode=x', 'with its dashes'],
    [
      'why master kube',
      'nothing of ours on master is called kube',
      'Name a unit, a path, or a thing as hardway plan does',
    ],
    ['node remove minion-9 --yes', 'there is no machine minion-9 in test', ''],
  ])('hardway %s', async (line, message, remedy) => {
    const { code, out, err } = await work.run(...line.split(' '));
    expect(code).toBe(1);
    expect(out + err).toContain(`✗ ${message}`);
    expect(out + err).toContain(remedy);
  });

  it.each([
    ['phase', /^✗ something is missing: hardway phase <name>\n/],
    ['node', /^✗ something is missing: hardway node <action> \[name\]\n/],
    ['explain', /^✗ something is missing: hardway explain <thing>\n/],
    ['explain role chief', /^✗ explain knows no role chief\n/],
    ['node reboot minion-1', /^✗ node knows no action reboot\n {2}→ There are: remove, forget, locate\.\n/],
    ['node forge minion-1', /^✗ node knows no action forge; did you mean forget\?\n/],
    ['node remove', /^✗ name one machine\n/],
    ['up --only', /^✗ --only needs a value\n/],
    ['plan --out', /^✗ --out needs a value\n/],
    ['up --out x', /^✗ hardway up has no option --out\n/],
    ['up --onyl=x', /^✗ hardway up has no option --onyl; did you mean --only\?\n/],
    ['up -x', /^✗ hardway up has no option -x\n/],
    ['up minion-1', /^✗ hardway up takes no minion-1\n {2}→ hardway help up shows examples\.\n/],
    ['phase join --skip leave', /^✗ hardway phase has no option --skip/],
    ['upp', /^✗ there is no verb upp; did you mean up\?\n/],
    ['stauts --json=false', /^✗ there is no verb stauts; did you mean status\?\n/],
    ['help stauts', /^✗ there is no verb stauts; did you mean status\?\n/],
    ['xyzzy', /^✗ there is no verb xyzzy\n {4}There are: up, plan, .*\.\n {2}→ hardway help\n$/],
  ])('hardway %s', async (line, message) => {
    const { code, err } = await work.run(...line.split(' '));
    expect([code, err]).toEqual([1, expect.stringMatching(message)]);
  });
});

describe('hardway why', () => {
  const told = async (thing: string) => {
    const { code, out } = await work.run('why', 'master', thing, '--json');
    return { code, ids: (JSON.parse(out) as Explanation[]).map(({ id }) => id) };
  };
  const [unit, service, hosts, forward, node] = explanations.map(({ id }) => id);
  it.each([
    ['kubelet', [unit, service]],
    ['kubelet.service', [unit, service]],
    ['service:kubelet.service', [service]],
    ['/etc/systemd/system/kubelet.service', [unit]],
    ['/etc/hosts', [hosts]],
    ['hosts', [hosts]],
    ['net.ipv4.ip_forward', [forward]],
    ['minion-1', [node]],
  ])('finds %s', async (thing, ids) => {
    expect(await told(thing)).toEqual({ code: 0, ids });
  });

  it('tells the history from the journal, also when its last line was cut off', async () => {
    const journal = work.session().state.path('journal.ndjson');
    mkdirSync(dirname(journal), { recursive: true });
    const change = { type: 'change', machine: 'master', phase: 'kubelet', resource: hosts };
    const made = { key: 'present', now: false, wanted: true };
    const line = JSON.stringify({ time: '2026-01-01T00:00:00Z', run: 'r', ...change, differences: [made] });
    writeFileSync(journal, `${line}\n`);
    appendFileSync(journal, line.slice(0, 40));
    const { code, out } = await work.run('why', 'master', '/etc/hosts');
    expect(code).toBe(0);
    expect(out).toMatch(/^file:\/etc\/hosts\n.*\n {2}follows {3}nodes\n {2}\S+ \S+ {2}made\n$/);
    expect((await work.run('why', 'master', 'kubelet')).out.match(/no run of this host/g)).toHaveLength(2);
  });
});

describe('hardway node', () => {
  it('forget takes a machine out of the inventory, and a stranger is no mistake', async () => {
    const { state } = work.session();
    const machine = { host: 'x', port: 22, user: 'u', keys: [], provider: 'lxc' };
    await writeMachine(state, { name: 'minion-1', ...machine });
    await writeMachine(state, { name: 'minion-2', ...machine });
    expect((await work.run('node', 'forget', 'minion-1')).code).toBe(0);
    expect((await work.run('node', 'forget', 'stranger')).code).toBe(0);
    const names = (await readInventory(state)).map(({ name }) => name);
    expect([names.includes('minion-1'), names.includes('minion-2')]).toEqual([false, true]);
  });

  it('remove of the master is refused: it holds the data', async () => {
    const { code, out } = await work.run('node', 'remove', 'master', '--yes');
    expect([code, out]).toEqual([1, expect.stringMatching(/✗ master holds .* it cannot leave/)]);
  });

  it('remove before a destruction lets go of whatever is not a minion of this cluster', async () => {
    const { state } = work.session();
    await writeMachine(state, {
      name: 'master',
      host: 'x',
      port: 22,
      user: 'u',
      keys: [],
      provider: 'lxc',
      roles: ['etcd', 'master'],
    });
    for (const name of ['master', 'never-there']) {
      const { code, out, err } = await work.run('node', 'remove', name, '--destroying', '--quiet');
      expect([name, code, out, err]).toEqual([name, 0, '', '']);
    }
  });
});

describe('every verb', () => {
  it('says that there is no cluster.json, and makes nothing there', async () => {
    const file = `${work.folder}/no/cluster.json`;
    for (const words of [['phases'], ['why', 'a', 'b'], ['node', 'forget', 'x'], ['plan']]) {
      const { code, err } = await runMain(work.product, [...words, '--file', file]);
      expect([code, err]).toEqual([1, expect.stringContaining(`✗ there is no ${file}`)]);
    }
    expect(existsSync(`${work.folder}/no`)).toBe(false);
  });

  it.each([
    ['up --plan a --plan b', '--plan is given twice'],
    ['plan --from join --from leave', '--from is given twice'],
    ['phases --file x', '--file is given twice'],
  ])('refuses what can be said only once: %s', async (line, message) => {
    const { code, err } = await work.run(...line.split(' '));
    expect([code, err]).toEqual([1, expect.stringContaining(`✗ ${message}`)]);
  });

  it('takes lists as lists', async () => {
    const { out } = await work.run(
      'plan',
      '--only',
      'join',
      '--only',
      'nets',
      '--set',
      'name=x',
      '--set',
      'kubelet={}',
    );
    expect(out).toContain('✗ there is no phase nets');
  });
});
