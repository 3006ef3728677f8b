import { describe, expect, it } from 'vitest';
import { fakeConnection } from '../../src/connection/fake.ts';

const file = { path: '/etc/x', content: Buffer.from('x'), sha256: '', mode: 0o644 };

describe('the fake connection', () => {
  it('answers what was expected, in order', async () => {
    const fake = fakeConnection([
      { run: /stat/, reply: { stdout: 'a\nb\n' } },
      { put: '/etc/x' },
      { run: 'true', reply: { code: 3 } },
    ]);
    const lines: string[] = [];
    expect(await fake.run('stat x', { onLine: (line) => lines.push(line) })).toMatchObject({
      ok: true,
      code: 0,
    });
    await fake.put(file);
    expect(await fake.run('true')).toMatchObject({ ok: false, code: 3, outcome: 'ended' });
    expect(lines).toEqual(['a', 'b']);
    expect([fake.runs, fake.puts]).toEqual([['stat x', 'true'], [file]]);
    fake.verify();
  });

  it('fails for anything else, also when the caller swallowed it', async () => {
    const fake = fakeConnection([{ run: 'a' }], 'minion-1');
    await expect(fake.run('b')).rejects.toThrow('minion-1: unexpected run of "b"; expected run of a');
    await expect(fake.put(file)).rejects.toThrow('unexpected put of /etc/x');
    expect(() => fake.verify()).toThrow(
      /unexpected run of "b".*\n.*unexpected put.*\n.*never asked: run of a/,
    );
  });

  it('fails for what was never asked', () => {
    expect(() => fakeConnection([{ put: '/a' }]).verify()).toThrow('never asked: put of /a');
  });
});
