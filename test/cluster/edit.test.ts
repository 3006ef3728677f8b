import { describe, expect, it } from 'vitest';
import { edited } from '../../src/cluster/edit.ts';

describe('an edit of cluster.json', () => {
  it.each([
    [
      'a section that is not there',
      '{\n  "name": "lab"\n}\n',
      '{\n  "name": "lab",\n  "addons": {\n    "coredns": false\n  }\n}\n',
    ],
    [
      'a value beside others',
      '{\n    "addons": { "coredns": true }\n}',
      '{\n    "addons": { "coredns": false }\n}',
    ],
    [
      'tabs stay tabs',
      '{\n\t"name": "lab"\n}',
      '{\n\t"name": "lab",\n\t"addons": {\n\t\t"coredns": false\n\t}\n}',
    ],
    [
      'line ends stay',
      '{\r\n  "name": "lab"\r\n}',
      '{\r\n  "name": "lab",\r\n  "addons": {\r\n    "coredns": false\r\n  }\r\n}',
    ],
  ])('%s', (_, before, after) => {
    expect(edited(before, 'c.json', [{ path: ['addons', 'coredns'], value: false }])).toBe(after);
  });

  it('that would make it wrong is refused', () => {
    expect(() => edited('{}', 'c.json', [{ path: ['addons', 'nothing'], value: true }])).toThrow(
      expect.objectContaining({ evidence: [expect.stringContaining('addons.nothing: unknown add-on')] }),
    );
  });
});
