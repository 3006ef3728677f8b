import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { engine } from '../kill/engine.ts';
import { bringUp } from './support/bring-up.ts';
import { type Canaries, canariesOf, filesWith, found, leaksOn, processesWith } from './support/canaries.ts';
import { makeLab } from './support/lab.ts';

const lab = makeLab('hwt-access', '192.168.88.0/24');
lab.edit(({ nodes }) => void (nodes[1]!.count = 1));
const machines = ['master', 'minion-1'];

/** Verbs that only look, with what is told for programs. */
const others = [
  'status',
  'status --json',
  'phases',
  'machines',
  'verify --verbose',
  'verify --json',
  'verify ports --verbose',
  'verify security --json',
  'validate',
  'user list',
  'pki list',
  'pki list --json',
  'why master /etc/kubernetes/pki/apiserver.key',
  'why master token:join --json',
  'kubeconfig --path',
  'machines --json',
];

/** What a user of this host may find in the folder, its repository and the temporary files; secrets have their place. */
function leaksHere(canaries: Canaries): string[] {
  const inState = (line: string): boolean =>
    /\/\.hardway\/(pki\/.*\.key|cluster-token|kubeconfig|encryption-key|\.[^/]*): /.test(line) ||
    /\/\.hardway\/pki\/(.*\/)?\.[^/]*: /.test(line);
  const folder = filesWith(canaries, lab.folder, ['node_modules', 'dist']).filter((line) => !inState(line));
  const temporary = filesWith(canaries, tmpdir(), ['hardway-test', 'node_modules']);
  const shell = filesWith(canaries, join(tmpdir(), 'hardway-test'), ['node_modules', 'dist', lab.name]);
  return [...folder, ...temporary, ...shell];
}

async function leaksEverywhere(canaries: Canaries): Promise<string[]> {
  const there = await Promise.all(machines.map((machine) => leaksOn(lab, machine, canaries)));
  return [
    ...leaksHere(canaries),
    ...there.flatMap((leaks, index) => leaks.map((leak) => `${machines[index]} ${leak}`)),
  ];
}

describe('no secret leaks', () => {
  let canaries: Canaries;
  beforeAll(async () => {
    await bringUp(lab);
    canaries = canariesOf(lab);
  });

  it('all kinds of secrets are looked for, and would be found', async () => {
    const names = [...canaries.keys()];
    for (const name of [
      'cluster-token',
      'encryption key1',
      'kubeconfig',
      'pki/ca.key',
      'pki/etcd-ca.key',
      'pki/front-proxy-ca.key',
      'pki/service-account.key',
      'pki/master/etcd-server.key',
      'pki/master/apiserver.key',
      'pki/minion-1/proxy.key',
    ])
      expect(names).toContain(name);
    const [secret = ''] = canaries.get('encryption key1') ?? [];
    for (const before of ['', 'x', 'xy'])
      expect(found(canaries, Buffer.from(`${before}${secret}`).toString('base64'))).toEqual([
        'encryption key1',
      ]);
    const seen = await processesWith(canaries, () =>
      lab.on(
        'minion-1',
        `echo ${secret} > /tmp/canary; logger ${secret}; CANARY=${secret} sleep 1 & sh -c 'sleep 1; : ${secret}'; wait`,
      ),
    );
    expect(seen.filter((line) => line.endsWith('/cmdline')).length).toBeGreaterThan(0);
    expect(seen.filter((line) => line.endsWith('/environ')).length).toBeGreaterThan(0);
    expect(await leaksOn(lab, 'minion-1', canaries)).toEqual(
      expect.arrayContaining([expect.stringMatching(/^journal: [1-9]/), 'left behind: /tmp/canary']),
    );
    await lab.on('minion-1', 'rm /tmp/canary; journalctl --rotate --vacuum-time=1s');
  });

  it('by nothing that is said, written or running while a cluster is made from nothing', async () => {
    expect((await lab.hardway('down', '--yes')).code).toBe(0);
    const said: string[] = [];
    const say = async (line: string) => {
      const { output } = await lab.hardway(...line.split(' '));
      said.push(`${line}:\n${output}`);
    };
    const seen = await processesWith(canaries, async () => {
      for (const line of ['plan --verbose --out canary.plan', 'plan --json', 'up --verbose']) await say(line);
      expect(said.at(-1)).toMatch(/\ndone: \d+ changes/);
      for (const line of ['up --json', ...others]) await say(line);
    });
    expect(seen).toEqual([]);
    for (const text of said)
      expect([text.slice(0, text.indexOf('\n')), found(canaries, text)]).toEqual([expect.anything(), []]);
    expect(readFileSync(join(lab.folder, 'canary.plan'), 'utf8').length).toBeGreaterThan(1000);
    expect(await leaksEverywhere(canaries)).toEqual([]);
    rmSync(join(lab.folder, 'canary.plan'));
  });

  it('into what git sees', () => {
    const git = (...words: string[]) =>
      execFileSync('git', ['-C', lab.folder, ...words], { encoding: 'utf8' });
    git('init', '-q');
    try {
      git('add', '--all');
      const tracked = git('ls-files').split('\n');
      expect(tracked).toContain('cluster.json');
      expect(tracked.filter((name) => name.startsWith('.hardway'))).toEqual([]);
      expect(git('status', '--porcelain', '--untracked-files=all')).not.toContain('.hardway');
    } finally {
      rmSync(join(lab.folder, '.git'), { recursive: true });
    }
  });

  it('into an object of the cluster that is no Secret, nor into its audit log', async () => {
    const kinds =
      'configmaps,pods,events,nodes,deployments,daemonsets,serviceaccounts,certificatesigningrequests';
    expect(found(canaries, await lab.kubectl(['get', kinds, '--all-namespaces', '-o', 'json']))).toEqual([]);
  });

  it('by an engine that is killed while it hands out credentials, on neither side', async () => {
    for (const phase of ['etcd', 'access', 'kubelet', 'proxy']) {
      expect((await lab.hardway('down', '--yes')).code).toBe(0);
      const run = await engine(lab, ['up'], (_, moment, running) => {
        if (moment?.when === 'before' && moment.effect.phase === phase)
          setTimeout(() => running.kill('SIGKILL'), 60);
      });
      expect([phase, run.signal]).toEqual([phase, 'SIGKILL']);
      expect([phase, await leaksEverywhere(canaries)]).toEqual([phase, []]);
    }
    expect((await lab.hardway('up')).code).toBe(0);
  });
});
