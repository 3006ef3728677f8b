import { describe, expect, it } from 'vitest';
import { readDocuments } from '../../../provisioners/own/documents.ts';

const messagesOf = (text: string): string[] =>
  readDocuments('addons/x.yaml', text).refused.map(({ error }) => error.message);
const namesOf = (text: string): string[] =>
  readDocuments('addons/x.yaml', text).objects.map(
    ({ manifest: { kind, metadata } }) => `${kind} ${metadata.name}`,
  );

const object = (kind: string, name: string): string =>
  `apiVersion: v1\nkind: ${kind}\nmetadata: {name: ${name}}\n`;

describe('the documents of a file', () => {
  it.each([
    ['one', object('ConfigMap', 'a'), ['ConfigMap a']],
    ['several', `---\n${object('ConfigMap', 'a')}---\n${object('Secret', 'b')}`, ['ConfigMap a', 'Secret b']],
    [
      'empty ones and comments',
      `# nothing\n---\n---\n# no\n---\n${object('ConfigMap', 'a')}---\n`,
      ['ConfigMap a'],
    ],
    [
      'a list',
      `apiVersion: v1\nkind: List\nitems: [{${object('Pod', 'a').trim().replaceAll('\n', ', ')}}]`,
      ['Pod a'],
    ],
    ['JSON', '{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"}}', ['Pod a']],
    ['nothing', '', []],
  ])('%s', (_, text, expected) => {
    expect(namesOf(text)).toEqual(expected);
    expect(messagesOf(text)).toEqual([]);
  });

  it('are read as Kubernetes reads them', () => {
    const [found] = readDocuments(
      'x',
      `${object('ConfigMap', 'a')}data: {a: on, b: 0644, c: 2001-12-14, d: 1e3}`,
    ).objects;
    expect(found?.manifest['data']).toEqual({ a: true, b: 420, c: '2001-12-14', d: 1000 });
  });

  it('say where they stand', () => {
    const text = `# first\n${object('ConfigMap', 'a')}---\n\n${object('ConfigMap', 'b')}`;
    expect(readDocuments('addons/x.yaml', text).objects.map(({ place }) => place)).toEqual([
      'addons/x.yaml:2, document 1',
      'addons/x.yaml:7, document 2',
    ]);
  });

  it.each([
    [
      'broken YAML',
      `${object('ConfigMap', 'a')}---\na: [\n`,
      /^addons\/x\.yaml:7: document 2: .*end with a \]$/,
    ],
    ['no kind', 'apiVersion: v1\nmetadata: {name: a}', /document 1: kind is missing$/],
    ['no version', 'kind: Pod\nmetadata: {name: a}', /document 1: apiVersion is missing$/],
    ['no name', 'apiVersion: v1\nkind: Pod\nmetadata: {generateName: a}', /a Pod without metadata\.name/],
    [
      'a number as namespace',
      'apiVersion: v1\nkind: Pod\nmetadata: {name: a, namespace: 1}',
      /namespace is no text/,
    ],
    ['plain text', 'hello', /is no API object/],
    ['a key written twice', `${object('ConfigMap', 'a')}kind: Pod`, /unique/],
    ['an anchor in itself', '&a\napiVersion: v1\nkind: Pod\nmetadata: *a', /is no API object/],
    ['a tower of aliases', tower(), /is no API object/],
    [
      'an unknown placeholder',
      `${object('ConfigMap', 'a')}data: {a: "\${HARDWAY_DOMIAN}"}`,
      /^addons\/x\.yaml:4: \$\{HARDWAY_DOMIAN\} is nothing .* HARDWAY_DOMAIN/,
    ],
  ])('%s is named, the others are taken', (_, broken, message) => {
    const text = `${broken}\n---\n${object('Secret', 'whole')}`;
    expect(messagesOf(text)).toEqual([expect.stringMatching(message)]);
    if (!broken.includes('HARDWAY')) expect(namesOf(text)).toContain('Secret whole');
  });
});

/** A few lines that stand for a thousand million. */
function tower(): string {
  const floor = (level: number): string => `a${level}: &a${level} [${`*a${level - 1},`.repeat(10)}]`;
  return ['a0: &a0 [x]', ...[1, 2, 3, 4, 5, 6, 7, 8, 9].map(floor)].join('\n');
}
