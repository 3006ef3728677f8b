import { readFileSync, rmSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { bringUp } from './support/bring-up.ts';
import { makeLab } from './support/lab.ts';
import { status } from './support/stranger.ts';

// The lab of access.test.ts.
const lab = makeLab('hwt-access', '192.168.88.0/24');
lab.edit(({ nodes }) => void (nodes[1]!.count = 1));
const API = 'https://192.168.88.11:6443';

beforeAll(() => bringUp(lab));

describe('a person', () => {
  const file = join(lab.folder, 'ann.conf');
  const asAnn = (...words: string[]) =>
    lab.kubectl([...words, '--kubeconfig', file]).then((said) => said, String);
  const rules = async () =>
    (await asAnn('auth', 'can-i', '--list', '--namespace', 'ann')).split('\n').filter((line) => line !== '');

  it('may do what was given to the group, in one namespace, and nothing else', async () => {
    rmSync(file, { force: true });
    const told = await lab.hardway('user', 'add', 'ann', '--group', 'viewers', '--output', file);
    expect(told).toEqual({ code: 0, output: '' });
    expect(
      await asAnn('auth', 'whoami', '-o', 'jsonpath={.status.userInfo.username} {.status.userInfo.groups}'),
    ).toBe('ann ["viewers","system:authenticated"]');
    await lab.kubectl(['create', 'namespace', 'ann']);
    try {
      // Before: asking who one is and what one may do, and what the API is.
      const beyond = (await rules())
        .slice(1)
        .filter((line) => !/^(self\S+ .*\[create\]|  +\[\/[^\]]*\] .*\[get\])/.test(line));
      expect(beyond).toEqual([]);
      expect(await asAnn('get', 'pods', '-n', 'ann')).toMatch(/forbidden/i);
      await lab.kubectl([
        'create',
        'rolebinding',
        'viewers',
        '-n',
        'ann',
        '--clusterrole=view',
        '--group=viewers',
      ]);
      expect(await asAnn('get', 'pods', '-n', 'ann')).toMatch(/No resources found/);
      for (const words of [
        ['get', 'secrets', '-n', 'ann'],
        ['get', 'pods', '-n', 'kube-system'],
        ['create', 'configmap', 'x', '-n', 'ann'],
        ['get', 'nodes'],
      ])
        expect([words, await asAnn(...words)]).toEqual([words, expect.stringMatching(/forbidden/i)]);
      await lab.kubectl(['delete', 'rolebinding', 'viewers', '-n', 'ann']);
      await expect.poll(() => asAnn('get', 'pods', '-n', 'ann')).toMatch(/forbidden/i);
    } finally {
      await lab.kubectl(['delete', 'namespace', 'ann', '--timeout=60s']);
    }
    expect((await lab.hardway('user', 'list')).output).toMatch(/^ann +viewers +/m);
  });

  it('of Kubernetes’ own groups gets nothing', async () => {
    const { code, output } = await lab.hardway('user', 'add', 'ann', '--group', 'system:masters');
    expect([code, output]).toEqual([
      1,
      expect.stringContaining('system:masters belongs to Kubernetes itself'),
    ]);
  });
});

describe('the join token', () => {
  const file = join(lab.folder, '.hardway', 'cluster-token');
  const token = () => readFileSync(file, 'utf8').trim();
  const known = () =>
    lab.kubectl([
      'get',
      'secrets',
      '-n',
      'kube-system',
      '--field-selector',
      'type=bootstrap.kubernetes.io/token',
      '-o',
      'name',
    ]);
  const answer = (bearer: string) => status(lab, 'minion-1', `${API}/version`, { token: bearer });
  // The API server remembers for ten seconds whom it has let in.
  const isUseless = (bearer: string) => expect.poll(() => answer(bearer), { timeout: 20_000 }).toBe('401');
  const leave = () =>
    lab.on('minion-1', 'systemctl stop kubelet; rm -f /etc/kubernetes/kubelet.conf /var/lib/kubelet/pki/*');

  it('is in the cluster only while machines join', async () => {
    expect(await known()).toBe('');
    await isUseless(token());
  });

  it('rotate takes an old one out of the cluster, and up makes another one work', async () => {
    await leave();
    await lab.hardway('up', '--only', 'access');
    const old = token();
    expect(await answer(old)).toBe('200');
    const { code, output } = await lab.hardway('token', 'rotate');
    expect([code, output]).toEqual([0, expect.stringContaining('the cluster takes no older token')]);
    expect([token() === old, await known()]).toEqual([false, '']);
    await isUseless(old);
  });

  it('ends by itself when a run does not come to its end', async () => {
    const { code } = await lab.hardway('up', '--only', 'access', '--set', 'token.ttl=1m');
    expect(code).toBe(0);
    expect(await answer(token())).toBe('200');
    const ended = { timeout: 120_000, interval: 2000 };
    await expect.poll(() => answer(token()), ended).toBe('401');
    await expect.poll(known, ended).toBe('');
  });

  it('is another one for who joins weeks later, by a plain up', async () => {
    const old = token();
    utimesSync(file, new Date('2026-01-01'), new Date('2026-01-01'));
    const { code, output } = await lab.hardway('up');
    expect(code, output).toBe(0);
    expect(token()).not.toBe(old);
    expect(await lab.kubectl(['wait', 'node/minion-1', '--for=condition=Ready', '--timeout=60s'])).toContain(
      'met',
    );
    expect([await known(), await answer(old)]).toEqual(['', '401']);
    await isUseless(token());
    expect((await lab.hardway('plan')).code).toBe(0);
  });
});
