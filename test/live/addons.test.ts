import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { told } from './support/changes.ts';
import { standing } from './support/bring-up.ts';
import { makeLab } from './support/lab.ts';

const PAUSE = 'registry.k8s.io/pause:3.10.2';
const labels = { app: 'web' };

const object = (apiVersion: string, kind: string, name: string, more: object = {}, namespace = 'shop') => ({
  ...{ apiVersion, kind, metadata: { name, ...(namespace === '' ? {} : { namespace }) } },
  ...more,
});
const deployment = (name: string, replicas: number, selector: object = labels) =>
  object('apps/v1', 'Deployment', name, {
    spec: {
      replicas,
      selector: { matchLabels: selector },
      template: {
        metadata: { labels },
        spec: { containers: [{ name: 'c', image: PAUSE, resources: { requests: { cpu: '1000u' } } }] },
      },
    },
  });
const documents = (...objects: object[]): string =>
  objects.map((one) => JSON.stringify(one, null, 1)).join('\n---\n');

/** The three ways in which add-ons come into a cluster, and how they leave it. */
describe('add-ons', () => {
  const lab = makeLab('hwt-addons', '192.168.94.0/24');
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(join(lab.folder, path)), { recursive: true });
    writeFileSync(join(lab.folder, path), text);
  };
  const drop = (path: string): void => rmSync(join(lab.folder, path), { recursive: true });
  const get = async (...args: string[]): Promise<string> =>
    (await lab.kubectl(['get', '--ignore-not-found', '-o', 'name', ...args])).trim();
  /** A run of the add-ons that does exactly this, as announced; then there is nothing to do. */
  const applies = async (...expected: string[]): Promise<void> => {
    const [plan, up] = [await told(lab, 'addons', 'diff'), await told(lab, 'addons', 'apply')];
    const wanted = expected.map((id) => `master ${id}`).toSorted();
    expect([plan.code, plan.changes.toSorted()], plan.output).toEqual([2, wanted]);
    expect([up.code, up.changes.toSorted()], up.output).toEqual([0, wanted]);
    expect((await lab.hardway('addons', 'diff')).code).toBe(0);
  };

  standing(lab, () =>
    lab.edit(({ nodes }) => Object.assign(nodes.find(({ name }) => name === 'minion') ?? {}, { count: 1 })),
  );

  it('vagrant provision master applies exactly what was put into addons/', async () => {
    write(
      'addons/shop/web.yaml',
      documents(
        deployment('web', 1),
        object('v1', 'ConfigMap', 'settings', {
          data: { domain: '${HARDWAY_DOMAIN}', dns: '${HARDWAY_DNS}', home: '${HOME}' },
        }),
        object('v1', 'Namespace', 'shop', {}, ''),
      ),
    );
    const { code, output } = await lab.vagrant('provision', 'master');
    expect(code, output).toBe(0);
    expect(output).toMatch(/done: 4 changes/);
    expect(await lab.kubectl(['get', 'configmap', 'settings', '-n', 'shop', '-o', 'jsonpath={.data}'])).toBe(
      '{"dns":"10.96.0.10","domain":"cluster.local","home":"${HOME}"}',
    );
    expect(
      await lab.kubectl(['rollout', 'status', '-n', 'shop', 'deployment/web', '--watch=false']),
    ).toContain('successfully rolled out');
    const again = await lab.vagrant('provision', 'master');
    expect(again.output).toMatch(/done: 0 changes/);
  });

  it('and takes away exactly that when it is gone from there', async () => {
    await lab.kubectl(['create', 'configmap', 'by-hand', '-n', 'default']);
    write('addons/short.yaml', documents(object('v1', 'ConfigMap', 'short', { data: {} }, 'default')));
    const there = await lab.vagrant('provision', 'master');
    expect([there.code, there.output]).toEqual([0, expect.stringMatching(/done: 2 changes/)]);
    rmSync(join(lab.folder, 'addons/short.yaml'));
    const gone = await lab.vagrant('provision', 'master');
    expect([gone.code, gone.output]).toEqual([0, expect.stringMatching(/done: 1 change /)]);
    expect(await get('configmap', 'short', '-n', 'default')).toBe('');
    expect(await get('configmap', 'by-hand', '-n', 'default')).not.toBe('');
    expect(await get('deployment', 'web', '-n', 'shop')).not.toBe('');
    await lab.kubectl(['delete', 'configmap', 'by-hand', '-n', 'default']);
  });

  it('an edit is shown field by field, and is all that is done', async () => {
    const web = object('v1', 'Service', 'web', { spec: { selector: labels, ports: [{ port: 80 }] } });
    write(
      'addons/shop/web.yaml',
      documents(deployment('web', 2), web, object('v1', 'Namespace', 'shop', {}, '')),
    );
    const { code, output } = await lab.hardway('addons', 'diff');
    expect(code, output).toBe(2);
    expect(output).toContain('- spec.replicas: 1');
    expect(output).toContain('+ spec.replicas: 2');
    expect(output).toContain('- configmap shop/settings (addons/shop/web.yaml)');
    await applies(
      ...['inventory:add-ons', 'deployment:shop/web', 'service:shop/web', 'inventory:no-longer-wanted'],
    );
    expect(await get('configmap', 'settings', '-n', 'shop')).toBe('');
  });

  it('what somebody changed or deleted by hand is named, and put back', async () => {
    await lab.kubectl(['scale', '-n', 'shop', 'deployment/web', '--replicas=1']);
    await applies('deployment:shop/web');
    await lab.kubectl(['delete', '-n', 'shop', 'deployment/web']);
    await applies('deployment:shop/web');
  });

  it('with an interval it comes back by itself, until that is stopped', async () => {
    const running = spawn(process.execPath, ['dist/hardway.js', 'addons', 'apply', '--every', '2s'], {
      cwd: lab.folder,
    });
    let output = '';
    for (const stream of [running.stdout, running.stderr])
      stream.on('data', (text) => (output += String(text)));
    const ended = once(running, 'close');
    const rounds = (done: string) => expect.poll(() => output, { timeout: 60_000 }).toMatch(new RegExp(done));
    try {
      await rounds('done: 0 changes');
      await lab.kubectl(['delete', '-n', 'shop', 'service/web']);
      await rounds('done: 1 change ');
      expect(await get('service', 'web', '-n', 'shop')).toBe('service/web');
      // Nobody holds the lock between rounds.
      await expect.poll(() => existsSync(join(lab.folder, '.hardway', 'lock'))).toBe(false);
    } finally {
      running.kill('SIGINT');
    }
    expect([(await ended)[0], output]).toEqual([
      0,
      expect.stringMatching(/^(\S+Z done: \d+ changes? in .*\n)+(\S+Z .*\n?)?$/),
    ]);
  });

  it('a broken file is named with its document, the server’s refusal with its reason, and the rest is applied', async () => {
    write(
      'addons/broken.yaml',
      `${documents(object('v1', 'ConfigMap', 'first', {}, 'default'))}\n---\nkind: [\n`,
    );
    write('addons/shop/wrong.yaml', documents(deployment('wrong', 1, { app: 'other' })));
    write('addons/whole.yaml', documents(object('v1', 'ConfigMap', 'whole', {}, 'default')));
    const { code, output } = await lab.hardway('addons', 'apply');
    expect(code, output).toBe(1);
    expect(output).toMatch(/✗ addons\/broken\.yaml:\d+: document 2: /);
    expect(output).toMatch(
      /deployment:shop\/wrong is still not as desired[\s\S]*`selector` does not match template `labels`/,
    );
    expect(await get('configmap', 'first', 'whole')).toBe('configmap/first\nconfigmap/whole');
    // What it made before stays while it cannot be read.
    write('addons/broken.yaml', 'kind: [\n');
    drop('addons/shop/wrong.yaml');
    expect((await lab.hardway('addons', 'apply')).code).toBe(1);
    expect(await get('configmap', 'first')).toBe('configmap/first');
    drop('addons/broken.yaml');
    drop('addons/whole.yaml');
    await applies('inventory:no-longer-wanted');
    expect(await get('configmap', 'first', 'whole')).toBe('');
  });

  it('what a wait in vain has seen is told, and lies on the machine', async () => {
    write('addons/never.yaml', documents(deployment('never', 1)).replace(PAUSE, 'nobody.invalid/has:1'));
    const { code, output } = await lab.hardway('addons', 'apply', '--set', 'timeouts.rollout=3');
    expect(code, output).toBe(1);
    expect(output).toMatch(/waited 3 s for deployment shop\/never/);
    const { stdout } = await lab.on(
      'master',
      'stat -c %a /var/log/hardway/rollout.log; cat /var/log/hardway/rollout.log',
    );
    expect(stdout).toMatch(
      /^600\n[\s\S]*== \S+Z waited 3 s for deployment shop\/never to be rolled out\n.*replicas/,
    );
    drop('addons/never.yaml');
    await applies('inventory:no-longer-wanted');
  });

  it('kinds come before what is of them; a kustomization is one source', async () => {
    const names = { kind: 'Widget', plural: 'widgets', singular: 'widget' };
    const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
    const spec = {
      group: 'example.org',
      names,
      scope: 'Namespaced',
      versions: [{ name: 'v1', served: true, storage: true, schema }],
    };
    write(
      'addons/widgets.json',
      documents(
        object('apiextensions.k8s.io/v1', 'CustomResourceDefinition', 'widgets.example.org', { spec }, ''),
      ),
    );
    write('addons/one/base.yaml', documents(object('example.org/v1', 'Widget', 'one', { size: 1 })));
    write('addons/one/kustomization.yaml', 'resources: [base.yaml]\nnamePrefix: the-\n');
    await applies(
      ...['inventory:add-ons', 'customresourcedefinition:widgets.example.org', 'widget:shop/the-one'],
    );
    drop('addons/widgets.json');
    drop('addons/one');
    await applies('inventory:no-longer-wanted');
    expect(await get('crd', 'widgets.example.org')).toBe('');
  });

  it('a chart is rendered on this side, and nothing of Helm is in the cluster', async () => {
    write('charts/tea/Chart.yaml', 'apiVersion: v2\nname: tea\nversion: 1.0.0\n');
    write('charts/tea/values.yaml', 'leaves: 1\n');
    write(
      'charts/tea/templates/map.yaml',
      'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}\ndata:\n  leaves: "{{ .Values.leaves }}"\n',
    );
    lab.edit((description) => {
      description['addons'] = { coredns: true, tea: { chart: 'charts/tea', values: { leaves: 3 } } };
    });
    await applies('inventory:add-ons', 'namespace:tea', 'configmap:tea/tea');
    expect(await lab.kubectl(['get', 'configmap', 'tea', '-n', 'tea', '-o', 'jsonpath={.data.leaves}'])).toBe(
      '3',
    );
    expect(await get('secrets', '-A', '-l', 'owner=helm')).toBe('');
    expect(await get('deployments', '-A')).toBe('deployment.apps/coredns\ndeployment.apps/web');
    const roles = await lab.kubectl(['get', 'clusterrolebindings', '-o', 'json']);
    const { items } = JSON.parse(roles) as {
      items: { roleRef: { name: string }; subjects?: { kind: string; name: string }[] }[];
    };
    const administrators = items.flatMap(({ roleRef, subjects = [] }) =>
      roleRef.name === 'cluster-admin' ? subjects.map(({ kind }) => kind) : [],
    );
    expect(administrators).not.toContain('ServiceAccount');
    lab.edit((description) => {
      description['addons'] = { coredns: true };
    });
    await applies('inventory:no-longer-wanted');
    expect(await get('namespace', 'tea')).toBe('');
  });

  it('what others made under a name of ours is not removed', async () => {
    write('addons/mine.yaml', documents(object('v1', 'ConfigMap', 'mine', {}, 'default')));
    await applies('inventory:add-ons', 'configmap:default/mine');
    await lab.kubectl(['delete', 'configmap', 'mine']);
    await lab.kubectl(['create', 'configmap', 'mine']);
    drop('addons/mine.yaml');
    await applies('inventory:no-longer-wanted');
    expect(await get('configmap', 'mine')).toBe('configmap/mine');
  });

  it('they wait until enough nodes are Ready, and then go on in the same call', async () => {
    const ready = '{.status.conditions[?(@.type=="Ready")].status}';
    await lab.on('minion-1', 'systemctl stop kubelet');
    await lab.kubectl(['wait', `--for=jsonpath=${ready}=Unknown`, 'node/minion-1', '--timeout=90s']);
    write('addons/late.yaml', documents(object('v1', 'ConfigMap', 'late', {}, 'default')));
    const tooFew = await lab.hardway('phase', 'addons', '--set', 'timeouts.nodeReady=2');
    expect(tooFew.output).toContain('1 of 2 nodes are Ready; not yet: minion-1');
    const enough = await lab.hardway('addons', 'diff', '--set', 'addons.waitForNodes=1');
    expect(enough.code, enough.output).toBe(2);
    const waiting = lab.hardway('addons', 'apply');
    await lab.on('minion-1', 'sleep 4; systemctl start kubelet');
    const { code, output } = await waiting;
    expect(code, output).toBe(0);
    expect(await get('configmap', 'late')).toBe('configmap/late');
    drop('addons/late.yaml');
  });

  it('a built-in one that is off leaves nothing behind, and comes back whole', async () => {
    const ours = () =>
      get('all,configmap,serviceaccount,clusterrole,clusterrolebinding', '-A', '-l', 'hardway.dev/addon');
    drop('addons/shop');
    const before = await lab.hardway('addons', 'disable', 'coredns');
    expect(before.code, before.output).toBe(0);
    expect(await ours()).toBe('');
    expect(await get('configmap', 'hardway-addons', '-n', 'kube-system')).toBe('');
    const back = await lab.hardway('addons', 'enable', 'coredns');
    expect(back.code, back.output).toBe(0);
    expect(await ours()).toContain('deployment.apps/coredns');
    expect((await lab.hardway('plan')).code).toBe(0);
    expect((await lab.hardway('addons', 'list')).output).toMatch(/coredns +on +Cluster DNS/);
  });
});
