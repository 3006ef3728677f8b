import { describe, expect, it } from 'vitest';
import { leave } from '../../provisioners/phases/leave.ts';
import type { ClusterPki } from '../../provisioners/pki.ts';
import { settled } from '../../provisioners/standing.ts';
import type { Scope } from '../../provisioners/scope.ts';
import type { Node } from '../../src/cluster/model.ts';
import type { Resource } from '../../src/engine/resource.ts';
import { cluster } from './machines.ts';

const gone: Node = { ...cluster.nodes[1]!, name: 'minion-8', address: '192.168.56.80' };
const there: Node = { ...gone, name: 'minion-9', address: '192.168.56.90' };
const timeouts = { ...cluster.timeouts, drain: 33 };
const phase = leave(
  { ...cluster, timeouts },
  [gone, there],
  ['master', 'minion-1', 'minion-9'],
  settled(cluster),
);

const pki = { authority: () => ({ recognized: ['AB:CD'] }) } as unknown as ClusterPki;
const resources = (title: string, node: Node): readonly Resource[] =>
  phase.stages.find((stage) => stage.title === title)?.resources({ node, pki } as Scope) ?? [];
const script = (resource: Resource | undefined): string =>
  (resource?.steps(null) ?? []).map((step) => ('run' in step ? step.run : '')).join('\n');

describe('machines that leave', () => {
  const [master] = cluster.nodes as [Node];

  it('lose first their node, then what is on them, then their subnet; nothing of it on other machines', () => {
    expect(phase.stages.map(({ title, on }) => [title, on])).toEqual([
      ['nodes', ['master']],
      ['machines', ['minion-8', 'minion-9']],
      ['pod subnets', ['master']],
    ]);
    expect(phase.on).toEqual(['master', 'minion-8', 'minion-9']);
    const all = [
      ...resources('nodes', master),
      ...resources('machines', there),
      ...resources('pod subnets', master),
    ];
    expect(all.map(({ id, desired }) => [id, desired])).toEqual(
      ['node:minion-8', 'node:minion-9', 'machine:minion-9', 'lease:minion-8', 'lease:minion-9'].map((id) => [
        id,
        null,
      ]),
    );
  });

  it('are waited for while their pods move, those that are switched off are not', () => {
    const [first, second] = resources('nodes', master);
    expect([script(first), script(second)].map((text) => text.includes('--skip-wait-for-delete'))).toEqual([
      true,
      false,
    ]);
    expect(script(second)).toContain('--timeout=33s');
  });

  it('are cleaned only of what is this cluster’s, and only when there is anything', () => {
    const [machine] = resources('machines', there);
    expect([machine?.question.parse(''), machine?.question.parse('prepared')]).toEqual([
      null,
      { prepared: true },
    ]);
    expect(script(machine)).toContain('case " "AB:CD" " in *" $ca "*) ours=1');
    expect(machine?.disturbs?.({ prepared: true })).toEqual([
      'takes everything of the cluster off this machine',
    ]);
  });

  it('are known to be unclean until all of it is gone', () => {
    const [first = '', ...others] = script(resources('machines', there)[0]).split(
      /(?=\/var\/lib\/hardway(?![\w/]))/,
    );
    expect(first).toMatch(/^set \+e\n\[ -d $/);
    expect(others.at(-1)).toBe('/var/lib/hardway\ntrue');
    expect(others).toHaveLength(2);
  });

  it('are none: nothing is to be done', () => {
    const empty = leave(cluster, [], ['master'], settled(cluster));
    const wanted = empty.stages.flatMap((stage) =>
      (stage.on ?? empty.on).flatMap(() => stage.resources({ node: master, pki } as Scope)),
    );
    expect(wanted).toEqual([]);
  });
});
