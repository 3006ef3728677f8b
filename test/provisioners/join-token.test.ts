import { describe, expect, it } from 'vitest';
import { joinToken, noJoinToken } from '../../provisioners/join-token.ts';
import type { Manifest } from '../../provisioners/resources/manifest.ts';
import type { Scope } from '../../provisioners/scope.ts';
import type { Resource, State } from '../../src/engine/resource.ts';
import { cluster } from './machines.ts';

const scope = (ttl: string, token = 'abcdef.0123456789abcdef'): Scope =>
  ({ cluster: { ...cluster, token: { ttl } }, token }) as Scope;

/** What the API would hold after the resource's own steps, with its end moved. */
function applied(resource: Resource, endsIn: number): string {
  const [step] = resource.steps(null);
  const object = JSON.parse(step !== undefined && 'gather' in step ? step.item : '') as Manifest;
  const end = new Date(Date.now() + endsIn * 1000).toISOString();
  const data = { ...(object['data'] as object), expiration: Buffer.from(end).toString('base64') };
  return JSON.stringify({ ...object, data });
}
const drift = (resource: Resource, answer: string): unknown =>
  (resource.question.parse(answer) as State)['drift'];

describe('the join token in the cluster', () => {
  it.each([
    ['1h', 3600, ''],
    ['1h', 301, ''],
    ['1h', 299, 'expired'],
    ['1h', -1, 'expired'],
    // A life that is shorter than a join usually takes: renewed when half of it is over.
    ['1m', 31, ''],
    ['1m', 29, 'expired'],
  ])('of a life of %s that ends in %d s: %j', (ttl, endsIn, problem) => {
    const resource = joinToken(scope(ttl));
    expect(drift(resource, applied(resource, endsIn))).toBe(problem);
  });

  it('is given an end after token.ttl', () => {
    const [step] = joinToken(scope('10m')).steps(null);
    const { data } = JSON.parse(step !== undefined && 'gather' in step ? step.item : '') as {
      data: Record<string, string>;
    };
    const end = Date.parse(Buffer.from(data['expiration'] ?? '', 'base64').toString());
    expect(Math.abs(end - Date.now() - 600_000)).toBeLessThan(5000);
  });

  it('with another secret under the same name is replaced', () => {
    const mine = joinToken(scope('1h'));
    const other = joinToken(scope('1h', 'abcdef.fedcba9876543210'));
    expect(drift(mine, applied(other, 3600))).toBe('another token');
  });

  it('is asked for in the same way whether it is wanted or not, and never in an argument', () => {
    const [wanted, unwanted] = [joinToken(scope('1h')), noJoinToken(scope('1h'))];
    expect([unwanted.id, unwanted.desired, unwanted.question.ask]).toEqual([
      wanted.id,
      null,
      wanted.question.ask,
    ]);
    const commands = JSON.stringify([wanted.question, unwanted.question, unwanted.steps(null)]);
    expect(commands).not.toContain('0123456789abcdef');
  });
});
