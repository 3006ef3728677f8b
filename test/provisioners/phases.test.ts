import { describe, expect, it } from 'vitest';
import { product } from '../../provisioners/product.ts';
import { phases } from '../../provisioners/recipe.ts';
import { settled } from '../../provisioners/standing.ts';
import { cluster } from './machines.ts';

const names = cluster.nodes.map(({ name }) => name);
const all = phases(cluster, names, []);

describe('the list of phases', () => {
  it('is the order of a bring-up', () => {
    expect(all.map(({ name }) => name)).toEqual([
      ...['host', 'runtime', 'endpoint', 'etcd', 'members', 'control-plane-style', 'api-server', 'flannel'],
      ...['controllers', 'access'],
      ...['kubelet', 'proxy', 'resize', 'leave', 'addons'],
    ]);
  });

  it('leads machines to new masters after these have begun to serve', () => {
    const before = (succession: boolean): boolean => {
      const order = phases(cluster, names, [], undefined, { ...settled(cluster), succession }).map(
        ({ name }) => name,
      );
      return order.indexOf('endpoint') < order.indexOf('api-server');
    };
    expect([before(false), before(true)]).toEqual([true, false]);
  });

  it.each(all)(
    '$name: says what it does, in words of its own, and which page teaches it',
    ({ title, docs, name }) => {
      expect(title).toMatch(/^[A-Z][A-Za-z ,-]{8,60}$/);
      expect(all.filter((other) => other.title === title)).toHaveLength(1);
      expect(docs).toMatch(/^https:\/\/(kubernetes\.io\/docs|etcd\.io\/docs|github\.com\/flannel-io)\//);
      expect(name).toMatch(/^[a-z-]+$/);
    },
  );

  it.each(all)('$name: is done on machines of this cluster, in stages with a title', ({ on, stages }) => {
    expect(on.filter((name) => !names.includes(name))).toEqual([]);
    expect(on.length).toBeGreaterThan(0);
    expect(stages.filter(({ title }) => title === '')).toEqual([]);
    expect(stages.length).toBeGreaterThan(0);
  });

  it.each(all)(
    '$name: its needs complete "waiting for …", are asked of machines, and end',
    ({ needs = [] }) => {
      for (const { description, on, limit } of needs) {
        expect(description).toMatch(/^[a-zA-Z0-9][A-Za-z0-9 -]* to [A-Za-z ]+$/);
        expect(on.filter((name) => !names.includes(name))).toEqual([]);
        expect([on.length > 0, limit > 0 && limit <= 600]).toEqual([true, true]);
      }
    },
  );

  it('all but the first need something', () => {
    expect(all.filter(({ needs = [] }) => needs.length === 0).map(({ name }) => name)).toEqual(['host']);
  });

  it('is what the command shows', async () => {
    const summaries = await product.phases(cluster);
    expect(summaries.map(({ name }) => name)).toEqual(all.map(({ name }) => name));
    expect(summaries.find(({ name }) => name === 'kubelet')).toEqual({
      ...{ name: 'kubelet', part: 'minion', title: 'Join the nodes', on: names },
      docs: all.find(({ name }) => name === 'kubelet')?.docs,
      needs: expect.arrayContaining(['the API server to be ready', 'flannel to have a subnet']) as string[],
    });
    const partOf = (phase: string) => summaries.find(({ name }) => name === phase)?.part;
    expect(['host', 'etcd', 'proxy', 'addons'].map(partOf)).toEqual(['master', 'master', 'minion', null]);
  });
});
