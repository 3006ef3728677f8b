import { describe, expect, it } from 'vitest';
import { gzipSync } from 'node:zlib';
import { differences } from '../../../src/engine/difference.ts';
import { unknown } from '../../../src/engine/resource.ts';
import { ownManifest } from '../../../provisioners/resources/own-manifest.ts';
import { trial, type Trial } from '../../../provisioners/resources/trial.ts';

const web = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web', namespace: 'shop' } };
const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'key' } };
const resource = ownManifest({
  source: 'addons/a.yaml',
  place: 'addons/a.yaml:1, document 1',
  manifest: web,
});
const said = (one: Partial<Trial>) =>
  resource.question.parse(JSON.stringify({ there: null, would: null, said: '', ...one }));
const having = (spec: object, more: object = {}) => ({ ...web, spec, ...more });

describe('an object of the user’s', () => {
  it.each([
    ['is not there', { would: having({ replicas: 1 }) }, null],
    [
      'lies in a namespace that comes first',
      { said: 'Error from server (NotFound): namespaces "shop" not found' },
      null,
    ],
    [
      'is of a kind that comes first',
      { said: 'no matches for kind "Widget" in version "example.org/v1"' },
      null,
    ],
    [
      'is as it should be, whoever keeps the books',
      {
        there: having(
          { replicas: 1 },
          { status: { ready: 0 }, metadata: { ...web.metadata, resourceVersion: '1', uid: 'a' } },
        ),
        would: having(
          { replicas: 1 },
          { status: { ready: 1 }, metadata: { ...web.metadata, resourceVersion: '2' } },
        ),
      },
      { fields: 0, refused: '' },
    ],
    [
      'differs',
      { there: having({ replicas: 1, paused: true }), would: having({ replicas: 2 }) },
      { fields: 2, refused: '' },
    ],
    [
      'is refused, also before it is there',
      { said: 'Error from server (Invalid): Deployment.apps "web" is invalid:\n  spec: Required value' },
      { fields: 0, refused: 'Deployment.apps "web" is invalid: spec: Required value' },
    ],
  ])('%s', (_, answer, expected) => {
    const state = said(answer as Partial<Trial>);
    if (expected === null) expect(state).toBeNull();
    else expect(state).toMatchObject(expected);
    const isWell = expected !== null && expected.fields === 0 && expected.refused === '';
    expect(differences(resource, state as null).length === 0).toBe(isWell);
  });

  it('tells each field that goes and comes, and of a Secret only which', () => {
    const state = said({ there: having({ replicas: 1, paused: true }), would: having({ replicas: 2 }) });
    expect(resource.lines?.(state as never)).toEqual([
      '- spec.replicas: 1',
      '+ spec.replicas: 2',
      '- spec.paused: true',
    ]);
    const hidden = ownManifest({ source: 's', place: 's', manifest: secret });
    const trialOf = (data: object) => ({ ...secret, data });
    const answer = { there: trialOf({ a: 'b2xk' }), would: trialOf({ a: 'bmV3' }), said: '' };
    const seen = hidden.question.parse(JSON.stringify(answer));
    expect(hidden.lines?.(seen as never)).toEqual(['- data.a: (secret)', '+ data.a: (secret)']);
  });
});

describe('the trial', () => {
  const pack = (value: unknown): string =>
    value === ''
      ? ''
      : gzipSync(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64');
  const asks = [JSON.stringify(web), JSON.stringify(secret)];
  const live = (object: { metadata: object }) => ({
    ...object,
    metadata: { namespace: 'default', ...object.metadata },
  });

  it('of all at once gives each its own, the default namespace being none', () => {
    const list = { kind: 'List', items: [live(secret), live(web)] };
    const [first, second] = trial.answers(`all|${pack(live(web))}|${pack(list)}|`, asks);
    expect(JSON.parse(first ?? '')).toMatchObject({
      there: { kind: 'Deployment' },
      would: { kind: 'Deployment' },
    });
    expect(JSON.parse(second ?? '')).toMatchObject({ there: null, would: { kind: 'Secret' } });
  });

  it('one by one keeps what is refused apart', () => {
    const output = `0|||${pack('Error: no')}\n1|${pack('')}|${pack(live(secret))}|\n`;
    const [first, second] = trial.answers(output, asks);
    expect(JSON.parse(first ?? '')).toEqual({ there: null, would: null, said: 'Error: no' });
    expect(JSON.parse(second ?? '')).toMatchObject({ would: { kind: 'Secret' }, said: '' });
  });

  it('that nobody answers leaves everything unknown', () => {
    expect(trial.answers('', asks)).toEqual([null, null]);
    expect(resource.question.parse(null)).toBe(unknown);
  });

  it('on a machine without a database knows that nothing is there', () => {
    const [first] = trial.answers('answered\n', asks);
    expect(resource.question.parse(first ?? null)).toBeNull();
  });
});
