import { describe, expect, it } from 'vitest';
import { selectionOf } from '../../src/cli/selection.ts';
import type { Given } from '../../src/cli/verb.ts';
import { UsageError } from '../../src/errors.ts';

const names = ['host', 'etcd', 'kubelet', 'addons'];
const machines = ['master', 'minion-1', 'minion-2'];
const parts = { host: 'master', etcd: 'master', kubelet: 'minion' } as const;
const partOf = (name: string) => parts[name as keyof typeof parts] ?? null;
const phases = names.map((name) => ({
  ...{ name, part: partOf(name), title: '', on: [], needs: [], docs: '' },
}));
const select = (options: Readonly<Record<string, unknown>>) =>
  selectionOf(
    { file: '', set: [], json: false, quiet: false, verbose: false, ...options } as Given,
    phases,
    machines,
  );

describe('a selection', () => {
  const cases: [string, Record<string, unknown>, string][] = [
    ['--only', { only: ['etcd'] }, 'etcd | master minion-1 minion-2'],
    ['--only twice', { only: ['addons', 'etcd'] }, 'etcd addons | master minion-1 minion-2'],
    ['--only with a comma', { only: ['etcd,addons,'] }, 'etcd addons | master minion-1 minion-2'],
    ['a part', { only: ['master'] }, 'host etcd | master minion-1 minion-2'],
    ['--skip of a part', { skip: ['minion'] }, 'host etcd addons | master minion-1 minion-2'],
    ['--from', { from: 'kubelet' }, 'kubelet addons | master minion-1 minion-2'],
    ['--from the first', { from: 'host' }, 'host etcd kubelet addons | master minion-1 minion-2'],
    ['--skip', { skip: ['etcd', 'host'] }, 'kubelet addons | master minion-1 minion-2'],
    ['--from and --skip', { from: 'etcd', skip: ['kubelet'] }, 'etcd addons | master minion-1 minion-2'],
    ['--only and --skip', { only: ['etcd', 'host'], skip: ['etcd'] }, 'host | master minion-1 minion-2'],
    ['--on', { on: ['minion-1,master'] }, 'host etcd kubelet addons | master minion-1'],
    ['--only and --on', { only: ['etcd'], on: ['minion-2'] }, 'etcd | minion-2'],
  ];
  it.each(cases)('by %s', (_, options, expected) => {
    const selection = select(options);
    const chosen = [
      names.filter((name) => selection?.phase(name)),
      machines.filter((name) => selection?.machine(name)),
    ];
    expect(chosen.map((some) => some.join(' ')).join(' | ')).toBe(expected);
  });

  it.each([{}, { only: [] }, { only: undefined, on: [''] }])('of everything is none: %j', (options) => {
    expect(select(options)).toBeUndefined();
  });

  const strangers: [Record<string, unknown>, string, readonly string[]][] = [
    [{ only: ['etcd', 'nets'] }, 'there is no phase nets', names],
    [{ skip: ['nets'] }, 'there is no phase nets', names],
    [{ from: 'nets' }, 'there is no phase nets', names],
    [{ from: '' }, 'there is no phase ', names],
    [{ on: ['minion-3'] }, 'there is no machine minion-3', machines],
  ];
  it.each(strangers)('of %j is refused, and names what there is', (options, message, known) => {
    expect(() => select(options)).toThrow(UsageError);
    expect(() => select(options)).toThrow(
      expect.objectContaining({ message, remedy: `There are: ${known.join(', ')}.` }) as Error,
    );
  });
});
