import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Cluster } from '../../../src/cluster/model.ts';
import { loadOwn } from '../../../provisioners/own/load.ts';
import { idOf } from '../../../provisioners/resources/manifest.ts';
import { inTemporaryDirectory } from '../../fixtures/directories.ts';
import { cluster } from '../machines.ts';
import { fakeArtefacts } from '../scratch.ts';

const map = (name: string, more = ''): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}}\n${more}`;

const loaded = (files: Readonly<Record<string, string>>, described: Cluster = cluster) =>
  inTemporaryDirectory(async (folder) => {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
    const { objects, refused } = await loadOwn(described, folder, fakeArtefacts());
    return {
      ids: objects.map(({ manifest, source }) => `${idOf(manifest)} ${source}`),
      refused: refused.map(({ source, error }) => `${source}: ${error.message}`),
      data: objects.map(({ manifest }) => manifest['data']),
    };
  });

describe('the folder addons', () => {
  it('may be missing', async () => {
    expect(await loaded({})).toEqual({ ids: [], refused: [], data: [] });
  });

  it('is read by name, folders included; what is no manifest is left alone', async () => {
    const files = {
      'addons/b.yaml': map('b'),
      'addons/a.yml': map('a'),
      'addons/shop/c.json': JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c' } }),
      'addons/README.md': '# no',
      'addons/.hidden.yaml': 'no: [',
    };
    expect((await loaded(files)).ids).toEqual([
      'configmap:a addons/a.yml',
      'configmap:b addons/b.yaml',
      'configmap:c addons/shop/c.json',
    ]);
  });

  it('gives namespaces and kinds before what needs them, and hooks of the API last', async () => {
    const kinds = ['APIService', 'Widget', 'Deployment', 'CustomResourceDefinition', 'Secret', 'Namespace'];
    const text = kinds.map((kind) => `apiVersion: v1\nkind: ${kind}\nmetadata: {name: a}`).join('\n---\n');
    expect((await loaded({ 'addons/a.yaml': text })).ids.map((id) => id.split(':')[0])).toEqual([
      ...['namespace', 'customresourcedefinition', 'secret', 'deployment', 'widget', 'apiservice'],
    ]);
  });

  it('fills in what is the cluster’s, and nothing else', async () => {
    const data = 'data: {a: "${HARDWAY_DOMAIN} ${HARDWAY_DNS} ${HOME} $(NODE)"}';
    expect((await loaded({ 'addons/a.yaml': map('a', data) })).data).toEqual([
      { a: 'cluster.local 10.96.0.10 ${HOME} $(NODE)' },
    ]);
  });

  it.each([
    [
      'an object that stands in another file too',
      { 'addons/a.yaml': map('a'), 'addons/b.yaml': map('a') },
      'addons/b.yaml: addons/b.yaml:1, document 1: configmap:a stands in addons/a.yaml:1, document 1 too',
    ],
    [
      'one that Hardway makes',
      {
        'addons/a.yaml':
          'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: coredns, namespace: kube-system}',
      },
      'addons/a.yaml: addons/a.yaml:1, document 1: deployment:kube-system/coredns belongs to Hardway itself',
    ],
  ])('%s is refused', async (_, files, message) => {
    expect((await loaded(files as Record<string, string>)).refused).toEqual([message]);
  });

  it('takes a chart that is not there, or not what was pinned, as one problem', async () => {
    const charts = { web: { chart: 'charts/web', namespace: 'web', values: {} } };
    expect((await loaded({ 'addons/a.yaml': map('a') }, { ...cluster, charts })).refused).toEqual([
      expect.stringMatching(/^chart web: there is no chart .*charts\/web$/),
    ]);
  });
});
