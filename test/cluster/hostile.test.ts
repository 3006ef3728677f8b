import { describe, expect, it } from 'vitest';
import { inspect } from '../../src/cluster/inspect.ts';
import { master, minion, problemsOf } from './problems-of.ts';

/** Where text can be written, and a description that has it there. */
const places: Readonly<Record<string, (text: string) => object>> = {
  name: (text) => ({ name: text }),
  'kubernetes.version': (text) => ({ kubernetes: { version: text } }),
  'network.machineCidr': (text) => ({ network: { machineCidr: text } }),
  'network.dns.domain': (text) => ({ network: { dns: { domain: text } } }),
  'network.dns.serviceIP': (text) => ({ network: { dns: { serviceIP: text } } }),
  'network.flannel.backend': (text) => ({ network: { flannel: { backend: text } } }),
  'controlPlane.sans[0]': (text) => ({ controlPlane: { sans: [text] } }),
  'nodes[0].name': (text) => ({ nodes: [{ ...master, name: text }] }),
  'nodes[0].roles[0]': (text) => ({ nodes: [{ ...master, roles: [text] }] }),
  'nodes[0].address': (text) => ({ nodes: [{ ...master, address: text }] }),
  'nodes[0].interface': (text) => ({ nodes: [{ ...master, interface: text }] }),
  'nodes[0].labels.x': (text) => ({ nodes: [{ ...master, labels: { x: text } }] }),
  'nodes[0].taints[0].key': (text) => ({
    nodes: [{ ...master, taints: [{ key: text, effect: 'NoSchedule' }] }],
  }),
  'nodes[0].ssh': (text) => ({ nodes: [{ ...master, ssh: text }] }),
  'nodes[0].ssh.host': (text) => ({ nodes: [{ ...master, ssh: { host: text, user: 'a' } }] }),
  'nodes[0].ssh.user': (text) => ({ nodes: [{ ...master, ssh: { host: 'a', user: text } }] }),
  'nodes[0].ssh.keys[0]': (text) => ({ nodes: [{ ...master, ssh: { host: 'a', user: 'a', keys: [text] } }] }),
};

const hostile = [
  'a;reboot',
  '$(id)',
  '`id`',
  'a\nb',
  'a\n',
  '-rf',
  'a|b',
  "a'b",
  'a"b',
  'a\\b',
  'a\0b',
  '../etc/passwd',
  'a/../../b',
  'a: b\n- c',
  '&anchor',
  '!!tag',
  '{{x}}',
  '\u202eabc',
  'a\u001b[31m',
];

/** Repeatable random numbers, so that a failure can be looked at again. */
function* randomNumbers(seed: number): Generator<number, never> {
  for (let state = seed; ;) {
    state = (state * 1103515245 + 12345) % 2147483648;
    yield state / 2147483648;
  }
}

describe.each(Object.entries(places))('hostile text at %s', (path, describeWith) => {
  it.each(hostile)('%j is refused', (text) => {
    expect(problemsOf(describeWith(text)).filter((line) => line.includes(` ${path}: `))).toHaveLength(1);
  });

  it('is refused wherever the bad character stands', () => {
    const random = randomNumbers(path.length);
    for (const bad of ';|&$`<>(){}[]*?!#%^~\\\'"\n\r\t\0\u007f\u2028') {
      const letters = Array.from({ length: 8 }, () => 'abcxyz019'[Math.floor(random.next().value * 9)]);
      letters[1 + Math.floor(random.next().value * 7)] = bad;
      expect(inspect(JSON.stringify(describeWith(letters.join(''))), 'c.json').description).toBeUndefined();
    }
  });
});

describe('hostile files', () => {
  const deep = '{"a":'.repeat(10_000);
  it.each([
    ['10,000 levels', deep, 'c.json:1:101: nested more than 20 levels deep'],
    [
      'levels behind a comment with a quote',
      `/* " */${'['.repeat(50_000)}`,
      'nested more than 20 levels deep',
    ],
    [
      'more than 1 MiB',
      ' '.repeat(1024 * 1024 + 1),
      'c.json:1:1: larger than 1 MiB; no cluster needs that much',
    ],
  ])('%s', (_, text, line) => {
    expect(problemsOf(text)).toEqual([expect.stringContaining(line)]);
  });

  it('full of mistakes are judged in good time', () => {
    const entries = '{},'.repeat(60_000);
    const keys = Array.from({ length: 20_000 }, (_, index) => `"nam${index}":1`).join();
    expect(problemsOf(`{"nodes":[${entries}{}],${keys},${keys}}`).length).toBeGreaterThan(100_000);
    // Looking at each pair of them would take hours.
  }, 60_000);

  it('leave prototypes alone', () => {
    const text =
      '{"__proto__":{"polluted":1},"nodes":[{"constructor":{"prototype":{"polluted":1}}}],"pki":{"prototype":1}}';
    expect(problemsOf(text).filter((line) => line.endsWith('this key is never allowed'))).toHaveLength(3);
    expect(Object.keys(Object.prototype)).toEqual([]);
    expect('polluted' in {}).toBe(false);
  });

  it('cannot steer the terminal', () => {
    const lines = problemsOf('{"\\u001b[2J\\u202e":1, "name":"\\u009b31m\\u2028"}');
    expect(lines).toHaveLength(2);
    expect(lines.join('')).not.toMatch(/[\p{C}\p{Zl}\p{Zp}]/u);
  });

  it('of random bits of JSON never throw', () => {
    const random = randomNumbers(42);
    const bits = [
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"nodes"',
      '"name"',
      '"network"',
      '"ssh"',
      '"roles"',
      '"count"',
      '1',
      '-',
      'null',
      'true',
      '"10.0.0.0/8"',
      '//',
      '\n',
      '"',
      '\\u',
      '1e999',
      JSON.stringify(minion),
    ];
    for (let round = 0; round < 2000; round++) {
      const length = Math.floor(random.next().value * 25);
      const text = Array.from({ length }, () => bits[Math.floor(random.next().value * bits.length)]).join('');
      const { problems, description } = inspect(text, 'c.json');
      expect(problems.length > 0).toBe(description === undefined);
    }
  });

  it('of random values in the right places never throw', () => {
    const random = randomNumbers(7);
    const values = [
      null,
      [],
      {},
      '',
      'x',
      0,
      -1,
      1e9,
      1.5,
      true,
      [null],
      [{}],
      [[]],
      { host: null },
      '10.0.0.0/8',
      '10.96.0.1',
    ];
    const pick = () => values[Math.floor(random.next().value * values.length)];
    for (let round = 0; round < 2000; round++) {
      const node = {
        name: pick(),
        roles: pick(),
        count: pick(),
        address: pick(),
        ssh: pick(),
        labels: pick(),
        taints: pick(),
      };
      const network = {
        machineCidr: pick(),
        podCidr: pick(),
        serviceCidr: pick(),
        dns: pick(),
        flannel: pick(),
      };
      const sections = {
        network: round % 3 ? network : pick(),
        nodes: round % 5 ? [master, node, pick()] : pick(),
      };
      const description = {
        ...sections,
        controlPlane: pick(),
        pki: pick(),
        addons: pick(),
        timeouts: pick(),
      };
      expect(problemsOf(description).length).toBeGreaterThan(0);
    }
  });
});
