import { describe, expect, it } from 'vitest';
import { unknown } from '../../src/engine/resource.ts';
import { image } from '../../provisioners/resources/image.ts';
import { fakeArtefacts } from './scratch.ts';

const archive = fakeArtefacts().get('image:pause');
const reference = archive.reference ?? '';
const pause = image(archive);
const recorded = `from|${reference.replaceAll(/[/:]/g, '_')}|`;

describe('the question about images', () => {
  const cases: [string, string[], unknown][] = [
    ['imported from this archive', ['answered', `${recorded}${archive.sha256}`], pause.desired],
    ['imported from an older archive', ['answered', `${recorded}old`], { archive: 'old' }],
    ['pulled by somebody', ['answered', recorded], { archive: '' }],
  ];
  const ask = (output: string) =>
    pause.question.parse(pause.question.batch.answers(output, ['other:1', pause.question.ask])[1] ?? null);
  it.each(cases)('%s', (_, lines, expected) => {
    expect(ask([`${reference}-more`, reference, ...lines].join('\n'))).toEqual(expected);
  });

  it('not there, though recorded once', () => {
    expect(ask(['other:1', 'answered', `${recorded}${archive.sha256}`].join('\n'))).toBeNull();
  });

  it('containerd does not answer', () => {
    expect(ask('')).toBe(unknown);
  });
});
