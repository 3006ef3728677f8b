import { describe, expect, it } from 'vitest';
import { addressBytes, canonicalAddress, isHostName, parseAlternativeNames } from '../../src/pki/names.ts';

describe('isHostName', () => {
  it.each(['a', 'kubernetes.default.svc', 'minion-1', 'MASTER', '1st.lab', 'a_b'])('yes: %s', (name) => {
    expect(isHostName(name)).toBe(true);
  });
  const wrong = ['', '.', 'a.', '.a', 'a..b', '-a', 'a-', '*.a', 'a b', 'a,b', '10.0.0.1', '::1', 'ä'];
  it.each([...wrong, 'x'.repeat(64), Array(64).fill('abcd').join('.'), 'a\n'])('no: %j', (name) => {
    expect(isHostName(name)).toBe(false);
  });
});

describe('addresses', () => {
  it.each([
    ['192.168.56.21', '192.168.56.21', 4],
    ['0:0:0:0:0:0:0:1', '::1', 16],
    ['FD00:0:0:0:0:0:0:A', 'fd00::a', 16],
  ])('%s is %s in %i bytes', (address, canonical, length) => {
    expect(canonicalAddress(address)).toBe(canonical);
    expect(addressBytes(address)).toHaveLength(length);
  });
  it.each(['', 'lab', '127.1', '0x7f.0.0.1', '010.0.0.1', 'fe80::1%eth0', '10.0.0.0/8'])(
    'refuses %j',
    (text) => {
      expect(() => addressBytes(text)).toThrow('is no IP address');
    },
  );
});

describe('parseAlternativeNames', () => {
  const cases: [string | undefined, string[], string[], string[]][] = [
    [undefined, [], [], []],
    ['DNS:a, DNS:b.c', ['a', 'b.c'], [], []],
    ['IP Address:10.0.0.1, IP Address:0:0:0:0:0:0:0:1', [], ['10.0.0.1', '::1'], []],
    ['DNS:a, URI:https://x/?y, email:a@b', ['a'], [], ['URI:https://x/?y', 'email:a@b']],
    // What could pass for two names, Node quotes.
    ['DNS:"a, DNS:b", DNS:c', ['a, DNS:b', 'c'], [], []],
    ['DNS:"a\\", DNS:b", DNS:c', ['a", DNS:b', 'c'], [], []],
    ['IP Address:<invalid length=5>', [], [], ['IP Address:<invalid length=5>']],
    // Nothing that is not understood gets lost.
    ['DNS:a, ???', ['a'], [], ['???']],
  ];
  it.each(cases)('%j', (text, dns, ip, other) => {
    expect(parseAlternativeNames(text)).toEqual({ dns, ip, other });
  });
});
