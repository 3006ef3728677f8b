import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { render, type TemplateData } from '../../src/template/render.ts';

const folder = mkdtempSync(join(tmpdir(), 'hardway-template-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let count = 0;
/** A template is read once a process: each of these is a file of its own. */
function rendered(source: string, data: TemplateData): string {
  const file = join(folder, `${(count += 1)}.hbs`);
  writeFileSync(file, source);
  return render(pathToFileURL(file), data);
}

describe('render', () => {
  const cases: [string, TemplateData, string][] = [
    ['--name={{name}}\n', { name: 'a' }, '--name=a\n'],
    ['{{x}}', { x: `<&"'\`\\$` }, `<&"'\`\\$`],
    ['{{n}} {{yes}} {{no}}', { n: 0, yes: true, no: false }, '0 true false'],
    ['{{#if x}}yes{{else}}no{{/if}}', { x: true }, 'yes'],
    ['{{#if x}}yes{{else}}no{{/if}}', { x: false }, 'no'],
    ['{{#if x}}yes{{else}}no{{/if}}', { x: null }, 'no'],
    ['{{#if x}}yes{{else}}no{{/if}}', { x: '' }, 'no'],
    ['{{#each x}}<{{this}}>{{/each}}', { x: ['a', 'b'] }, '<a><b>'],
    ['{{#each x}}{{/each}}none', { x: [] }, 'none'],
    ['{{#if x}}{{y}}{{/if}}', { x: true, y: 'inner' }, 'inner'],
    ['a\n{{#if x}}\nb\n{{/if}}\nc\n', { x: true }, 'a\nb\nc\n'],
    ['a\n{{#if x}}\nb\n{{/if}}\nc\n', { x: false }, 'a\nc\n'],
  ];
  it.each(cases)('%j with %j', (source, data, expected) => {
    expect(rendered(source, data)).toBe(expected);
  });

  const missing = [
    '{{x}}',
    '{{#if x}}a{{/if}}',
    '{{#if x}}a{{else}}b{{/if}}',
    '{{#unless x}}a{{/unless}}',
    '{{#each x}}a{{/each}}',
    '{{#if given}}{{x}}{{/if}}',
    '{{toString}}',
    '{{#if constructor}}a{{/if}}',
  ];
  it.each(missing)('%s without a value is an error', (source) => {
    expect(() => rendered(source, { given: true })).toThrow(/\d\.hbs uses|not defined/);
  });

  it.each(['a\nb', 'a\r', '\n'])(
    'a value with a line break (%j) is refused, also where nobody uses it',
    (value) => {
      expect(() => rendered('{{x}}', { x: value })).toThrow('the value of x contains a line break');
      expect(() => rendered('', { x: value })).toThrow('the value of x contains a line break');
      expect(() => rendered('', { x: ['fine', value] })).toThrow('the value of x contains a line break');
    },
  );

  it('knows no helper that is not Handlebars’ own', () => {
    expect(() => rendered('{{shout x}}', { x: 'a' })).toThrow(/helper|shout/);
  });
});
