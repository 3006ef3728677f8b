import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { parse, stringify } from 'yaml';
import type { Resource } from '../../src/engine/resource.ts';
import { MachineError } from '../../src/errors.ts';
import { expectGolden, type Files } from '../golden/golden.ts';
import type { Kind } from './machines.ts';
import { certificateLasting, joinedFor } from './lasting.ts';
import { AUTHORITY, NOW, planFor, resourcesOf } from './scratch.ts';

beforeAll(() => void vi.useFakeTimers({ toFake: ['Date'], now: NOW }));
afterAll(() => void vi.useRealTimers());

const decoded = (base64: string): string => Buffer.from(base64, 'base64').toString().trim();

/** Embedded PEM and the like, shown as the text it is the base64 of. */
const readable = (text: string): string =>
  text.replaceAll(
    /(-data: )(\S+)$/gm,
    (_, key: string, value: string) => `${key}<base64 of> ${decoded(value)}`,
  );

function putsOf(resource: Resource): Files {
  const puts = resource.steps(null).filter((step) => 'put' in step);
  return Object.fromEntries(
    puts.flatMap(({ put, content }) =>
      typeof content === 'string' ? [[put.slice(1), readable(content)]] : [],
    ),
  );
}

/** One line a resource: what a run announces, in its order. */
function overview(resources: ReturnType<typeof resourcesOf>): string {
  let heading = '';
  return resources
    .map(({ phase, stage, resource: { id, desired, secret, why } }) => {
      const title = `${heading === '' ? '' : '\n'}${phase}: ${stage}\n`;
      const first = heading !== `${phase}: ${stage}`;
      heading = `${phase}: ${stage}`;
      const rights = [desired?.['mode'], desired?.['owner'], secret ? 'secret' : null].filter((each) => each);
      const gone = desired === null ? ' (absent)' : '';
      const comment = why === undefined ? '' : `\n      ${why}`;
      return `${first ? title : ''}  ${id}${gone} ${rights.join(' ')}`.trimEnd() + comment;
    })
    .join('\n')
    .concat('\n');
}

describe('the recipe writes what test/golden shows', () => {
  const cases = (['lxc-cgroup-v1', 'vm-cgroup-v2'] as const).flatMap((kind) =>
    ['master', 'minion-1'].map((machine): [Kind, string] => [kind, machine]),
  );
  it.each(cases)('%s, %s', (kind, machine) => {
    const resources = resourcesOf(planFor(kind), machine);
    const files = Object.assign({}, ...resources.map(({ resource }) => putsOf(resource))) as Files;
    expectGolden(`${kind}/${machine}`, { ...files, 'overview.txt': overview(resources) });
  });

  it('API objects', () => {
    const objects = resourcesOf(planFor('vm-cgroup-v2'), 'master').flatMap(({ phase, resource }) =>
      resource
        .steps(null)
        .flatMap((step) => ('gather' in step ? [{ phase, id: resource.id, item: step.item }] : [])),
    );
    const files = objects.map(
      ({ phase, id, item }) => [`${phase}/${fileName(id)}`, objectYaml(item)] as const,
    );
    expect(files.length).toBeGreaterThan(10);
    expectGolden('objects', Object.fromEntries(files));
  });

  const fileName = (id: string): string => `${id.replaceAll(/[:/<>]+/g, '-').replace(/-$/, '')}.yaml`;

  function objectYaml(item: string): string {
    const object = parse(item) as { kind: string; data?: Record<string, string> };
    if (object.kind !== 'Secret') return stringify(object, { lineWidth: 0 });
    const data = Object.entries(object.data ?? {}).map(([key, value]) => [
      key,
      `<base64 of> ${decoded(value)}`,
    ]);
    return stringify({ ...object, data: Object.fromEntries(data) }, { lineWidth: 0 });
  }
});

describe('the recipe', () => {
  const ids = (more: string[]): string[] =>
    resourcesOf(planFor('vm-cgroup-v2', more), 'master').map(({ resource }) => resource.id);
  const joinThings = (all: string[]): string[] =>
    all.filter((id) => /bootstrap-kubelet|^token:/.test(id)).sort();

  it('takes the join token away from nodes that have joined', () => {
    const bare = ['file:/etc/kubernetes/bootstrap-kubelet.conf', 'token:join'];
    expect(new Set(joinThings(ids([])))).toEqual(new Set(bare));
    expect(new Set(joinThings(ids([joinedFor(0), 'etcd=data'])))).toEqual(new Set(bare));
    const joined = resourcesOf(planFor('vm-cgroup-v2', [joinedFor(300), 'etcd=data']), 'master');
    const left = joined.filter(({ resource }) => joinThings([resource.id]).length > 0);
    expect(left.map(({ resource }) => [resource.id, resource.desired])).toEqual(bare.map((id) => [id, null]));
  });

  it('gives no key of an authority to any machine, and every key only to its owner', () => {
    for (const machine of ['master', 'minion-1', 'minion-2']) {
      const files = resourcesOf(planFor('vm-cgroup-v2'), machine).map(({ resource }) => putsOf(resource));
      const keys = JSON.stringify(files).match(/<(private )?key [^>]*>/g) ?? [];
      const foreign = keys.filter(
        (key) => !key.includes(` ${machine}/`) && !(machine === 'master' && key.includes('service-account')),
      );
      expect([machine, foreign, keys.length > 1]).toEqual([machine, [], true]);
    }
  });

  it('marks as secret, and closes to others, every file with a key or the token in it', () => {
    for (const { resource } of resourcesOf(planFor('vm-cgroup-v2'), 'master')) {
      const holds = /<(private )?key |<secret>/.test(JSON.stringify(putsOf(resource)));
      if (holds)
        expect([resource.id, resource.secret, resource.desired?.['mode']]).toEqual([
          resource.id,
          true,
          '0600',
        ]);
    }
  });

  it('names each resource of a machine once, or wants the same both times', () => {
    for (const machine of ['master', 'minion-1']) {
      const seen = new Map<string, string>();
      for (const { resource } of resourcesOf(
        planFor('vm-cgroup-v2', [joinedFor(300), 'etcd=data']),
        machine,
      )) {
        const wanted = JSON.stringify(resource.desired);
        expect([resource.id, seen.get(resource.id) ?? wanted]).toEqual([resource.id, wanted]);
        seen.set(resource.id, wanted);
      }
    }
  });

  it('tells once what it adapts to', () => {
    expect(planFor('vm-cgroup-v2').notes).toEqual([]);
    expect(planFor('lxc-cgroup-v1').notes).toEqual([
      'cgroup v1: the kubelet is told to accept it, with the cgroupfs driver (master, minion-1, minion-2)',
      expect.stringMatching(/^a container: .* \(master, minion-1, minion-2\)$/),
      expect.stringMatching(/^may not lower oom scores/),
    ]);
  });

  it('accepts machines of this cluster and bare ones, no others', () => {
    expect(() => planFor('vm-cgroup-v2', [`ca=${AUTHORITY}`])).not.toThrow();
    expect(() => planFor('vm-cgroup-v2', [`ca=${certificateLasting(1)}`])).toThrow(MachineError);
    expect(() => planFor('vm-cgroup-v2', [`ca=${certificateLasting(1)}`])).toThrow(
      /belongs to a cluster with another/,
    );
  });
});
