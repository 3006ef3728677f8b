import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { kubeconfig } from '../../provisioners/kubeconfig.ts';
import { kubeconfigs } from '../../provisioners/kubeconfigs.ts';
import type { Own } from '../../src/cli/hand.ts';
import { cluster } from './machines.ts';

const credential = { certificate: 'CERT', key: 'KEY' };
const made = (name: string, server = 'https://192.168.56.11:6443'): string =>
  kubeconfig(name, server, 'CA', `${name}-admin`, credential);
const own = (name = 'lab', more: Partial<Own> = {}): Own => ({
  ...{ name, origin: `/home/ann/${name}/.hardway`, kubeconfig: made(name) },
  ...{ use: false, replace: false, file: '/home/ann/.kube/config', ...more },
});

interface Config {
  readonly clusters: { name: string; cluster: Record<string, unknown> }[];
  readonly users: { name: string }[];
  readonly contexts: { name: string; context: Record<string, unknown> }[];
  readonly 'current-context': string;
}
const read = (text: string): Config => parse(text) as Config;
const names = (text: string): string[][] => {
  const { clusters, users, contexts } = read(text);
  return [clusters, users, contexts].map((list) => list.map(({ name }) => name));
};

/** As kubectl writes them, with what people add. */
const foreign = `apiVersion: v1
clusters:
- cluster:
    server: https://example.org # ours at work
    insecure-skip-tls-verify: yes
  name: work
# who I am there
contexts:
- context:
    cluster: work
    user: me
  name: work
current-context: work
kind: Config
preferences: {}
users:
- name: me
  user:
    token: abc
`;

describe('merge', () => {
  it('makes a whole file of nothing, with ours as the current one', () => {
    const text = kubeconfigs.merge('', own());
    expect(names(text)).toEqual([['lab'], ['lab-admin'], ['lab']]);
    expect(read(text)).toMatchObject({ apiVersion: 'v1', kind: 'Config', 'current-context': 'lab' });
    expect(read(text).clusters[0]?.cluster).toMatchObject({
      server: 'https://192.168.56.11:6443',
      'certificate-authority-data': Buffer.from('CA').toString('base64'),
    });
    expect(text).not.toContain('insecure');
  });

  it('keeps all else as it is written: contexts, comments, the current one', () => {
    const text = kubeconfigs.merge(foreign, own());
    expect(names(text)).toEqual([
      ['work', 'lab'],
      ['me', 'lab-admin'],
      ['work', 'lab'],
    ]);
    expect(read(text)['current-context']).toBe('work');
    for (const line of foreign.split('\n')) expect(text.split('\n')).toContain(line);
  });

  it.each([
    ['nothing', ''],
    ['another', foreign],
  ])('twice into %s is once', (_, before) => {
    const once = kubeconfigs.merge(before, own());
    expect(kubeconfigs.merge(once, own())).toBe(once);
  });

  it('puts what is new of ours in the place of what was', () => {
    const before = kubeconfigs.merge(kubeconfigs.merge('', own()), own('other'));
    const after = kubeconfigs.merge(before, own('lab', { kubeconfig: made('lab', 'https://10.0.0.1:6443') }));
    expect(names(after)).toEqual(names(before));
    expect(read(after).clusters[0]?.cluster['server']).toBe('https://10.0.0.1:6443');
  });

  it('makes it the current one when asked, or when there is none', () => {
    expect(read(kubeconfigs.merge(foreign, own('lab', { use: true })))['current-context']).toBe('lab');
    const none = foreign.replace('current-context: work', 'current-context: ""');
    expect(read(kubeconfigs.merge(none, own()))['current-context']).toBe('lab');
  });

  it('touches nobody else’s entry of the same name, unless told to', () => {
    const theirs = kubeconfigs.merge(
      '',
      own('lab', { origin: '/elsewhere', kubeconfig: made('lab', 'https://x') }),
    );
    expect(() => kubeconfigs.merge(theirs, own())).toThrow(
      '/home/ann/.kube/config has another cluster called lab',
    );
    const text = kubeconfigs.merge(theirs, own('lab', { replace: true }));
    expect(read(text).clusters.map(({ cluster: { server } }) => server)).toEqual([
      'https://192.168.56.11:6443',
    ]);
  });

  it('takes what somebody copied there by hand for ours', () => {
    expect(names(kubeconfigs.merge(made('lab'), own()))).toEqual([['lab'], ['lab-admin'], ['lab']]);
  });

  it.each(['no', 'on', 'y', 'true'])('writes a cluster called %s so that older YAML reads a text', (name) => {
    const text = kubeconfigs.merge('', own(name));
    expect(parse(text, { version: '1.1' })).toEqual(parse(text));
    expect(read(text)['current-context']).toBe(name);
  });

  it.each([
    ['clusters: [', /cannot be read as a kubeconfig: .* at line 1/],
    ['a: b\na: c\n', /cannot be read as a kubeconfig: Map keys must be unique at line 2/],
    ['just words', /it is no map/],
    ['- a\n', /it is no map/],
    ['clusters: {}\n', /clusters is no list of entries/],
    ['users: [a]\n', /users is no list of entries/],
  ])('refuses %j', (text, message) => {
    expect(() => kubeconfigs.merge(text, own())).toThrow(message);
    expect(() => kubeconfigs.unmerge(text, own())).toThrow(message);
  });
});

describe('unmerge', () => {
  it('leaves exactly what was there before', () => {
    expect(kubeconfigs.unmerge(kubeconfigs.merge(foreign, own()), own())).toBe(foreign);
  });

  it('takes ours under whatever name, and the current context with it', () => {
    const text = kubeconfigs.merge(foreign, own('lab', { use: true }));
    const after = kubeconfigs.unmerge(text, { ...own('renamed'), origin: own().origin });
    expect(names(after)).toEqual([['work'], ['me'], ['work']]);
    expect(read(after)['current-context']).toBe('');
  });

  it('leaves another cluster of the same name', () => {
    const theirs = kubeconfigs.merge('', own('lab', { origin: '/elsewhere' }));
    expect(kubeconfigs.unmerge(theirs, own())).toBe(theirs);
  });

  it.each(['', foreign])('changes nothing where nothing is ours', (text) => {
    expect(kubeconfigs.unmerge(text, own())).toBe(text);
  });
});

describe('where the API may answer', () => {
  it('is every master, then every further name, each once', () => {
    const sans = ['api.example.org', '192.168.56.11', 'fd00::1'];
    expect(kubeconfigs.servers({ ...cluster, controlPlane: { ...cluster.controlPlane, sans } })).toEqual([
      'https://192.168.56.11:6443',
      'https://api.example.org:6443',
      'https://[fd00::1]:6443',
    ]);
  });

  it('is written into the kubeconfig', () => {
    const text = kubeconfigs.at(made('lab'), 'https://api.example.org:6443');
    expect(read(text).clusters[0]?.cluster['server']).toBe('https://api.example.org:6443');
    expect(kubeconfigs.authority(text)).toBe('CA');
  });
});
