import { describe, expect, it } from 'vitest';
import { consequences, drain, registration } from '../../provisioners/resources/registration.ts';
import { type State, unknown } from '../../src/engine/resource.ts';

interface Pod {
  readonly owner?: string;
  readonly mirror?: string;
  readonly labels?: Record<string, string>;
}

/** As kubectl prints it: one line a pod, one a disruption budget. */
const pod = (name: string, { owner = 'ReplicaSet', mirror = '', labels }: Pod = {}): string =>
  `pod|${name}|${owner}|${mirror}|${name.split('/')[0]}|${labels === undefined ? '' : JSON.stringify(labels)}`;
const budget = (name: string, allowed: number | '', labels?: Record<string, string>): string =>
  `budget|${name}|${allowed}|${name.split('/')[0]}|${labels === undefined ? '' : JSON.stringify(labels)}`;

const question = registration('minion-2', 60, true).question;
const forecast = (...lines: string[]) => question.parse(['node/minion-2', ...lines, 'answered'].join('\n'));
const web = { app: 'web', odd: 'a|b' };

describe('what the removal of a node would do', () => {
  const cases: [string, string[], [string, string, string]][] = [
    ['nothing when it is empty', [], ['', '', '']],
    ['its pods move', [pod('a/x'), pod('b/y', { owner: 'StatefulSet' })], ['a/x b/y', '', '']],
    ['pods that nobody owns are lost', [pod('a/x', { owner: '' }), pod('a/y')], ['a/y', 'a/x', '']],
    ['those of a DaemonSet do not count', [pod('kube-system/d', { owner: 'DaemonSet' })], ['', '', '']],
    [
      'mirrors of static pods neither',
      [
        pod('kube-system/m', { owner: 'Node', mirror: 'abc' }),
        pod('kube-system/n', { owner: '', mirror: 'abc' }),
      ],
      ['', '', ''],
    ],
    [
      'a budget that allows none holds it',
      [pod('a/x', { labels: web }), budget('a/b', 0, web)],
      ['a/x', '', 'a/b'],
    ],
    [
      'a budget that allows one does not',
      [pod('a/x', { labels: web }), budget('a/b', 1, web)],
      ['a/x', '', ''],
    ],
    [
      'a budget nobody has counted yet holds it',
      [pod('a/x', { labels: web }), budget('a/b', '', web)],
      ['a/x', '', 'a/b'],
    ],
    [
      'a budget covers by all of its labels',
      [
        pod('a/x', { labels: web }),
        budget('a/b', 0, { ...web, tier: '1' }),
        budget('a/c', 0, { app: 'web' }),
      ],
      ['a/x', '', 'a/c'],
    ],
    [
      'a budget of another namespace does not count',
      [pod('a/x', { labels: web }), budget('b/b', 0, web)],
      ['a/x', '', ''],
    ],
    [
      'a budget without labels is not known to cover',
      [pod('a/x', { labels: web }), budget('a/b', 0)],
      ['a/x', '', ''],
    ],
    [
      'a budget over what stays is no matter',
      [pod('a/d', { owner: 'DaemonSet', labels: web }), budget('a/b', 0, web)],
      ['', '', ''],
    ],
  ];
  it.each(cases)('%s', (_, lines, [moved, lost, held]) => {
    expect(forecast(...lines)).toEqual({ moved, lost, held });
  });

  it.each([
    ['the API did not answer', ''],
    ['it broke off', 'node/minion-2\npod|a/x|ReplicaSet||a|'],
    ['this is no master yet', '\n'],
  ])('is unknown when %s', (_, output) => {
    expect(question.parse(output)).toBe(unknown);
  });

  it.each([
    ['there is no such node', 'answered'],
    ['only its pods are left, which the cluster collects', `${pod('a/x')}\nanswered`],
  ])('is nothing when %s', (_, output) => {
    expect(question.parse(output)).toBeNull();
  });
});

describe('the forecast in words', () => {
  const cases: [string, State | null, string[]][] = [
    ['nothing', { moved: '', lost: '', held: '' }, []],
    ['no answer', null, []],
    ['one', { moved: 'a/x', lost: '', held: '' }, ['moves 1 pod: a/x']],
    [
      'all kinds',
      { moved: 'a/x b/y', lost: 'a/z', held: 'a/b c/d' },
      [
        'moves 2 pods: a/x, b/y',
        'ends 1 pod that nothing starts again: a/z',
        'waits for the disruption budget a/b, c/d, which allows none now',
      ],
    ],
  ];
  it.each(cases)('%s', (_, state, lines) => {
    expect(consequences(state)).toEqual(lines);
    expect(registration('x', 60, true).disturbs?.(state)).toEqual(lines);
  });
});

describe('the removal', () => {
  const script = (reachable: boolean): string => {
    const [step] = registration('minion-2', 77, reachable).steps(null);
    return step !== undefined && 'run' in step ? step.run : '';
  };
  const order = [
    'annotate node minion-2',
    'drain minion-2',
    'uncordon minion-2',
    'exit 1',
    'delete node minion-2',
  ];

  it('marks, drains, and deletes only what has been drained', () => {
    const places = order.map((words) => script(true).indexOf(words));
    expect(places.every((place) => place >= 0)).toBe(true);
    expect(places).toEqual(places.toSorted((a, b) => a - b));
  });

  it('takes no longer than it may, and may take as long as it says', () => {
    expect(script(true)).toContain('--timeout=77s');
    expect(registration('x', 77, true).steps(null)).toMatchObject([{ limit: 77 }]);
  });

  it('respects budgets, and waits for pods of a machine that is there', () => {
    expect(script(true)).not.toMatch(/--disable-eviction|--skip-wait-for-delete-timeout|--grace-period/);
    expect(script(false)).toContain('--skip-wait-for-delete-timeout=5');
    expect(drain('x', 'restart', 9, true)).not.toContain('delete node');
  });
});
