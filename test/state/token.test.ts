import { readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { redact } from '../../src/report/redact.ts';
import { openState, type State } from '../../src/state/directory.ts';
import { prepareToken, rotateToken } from '../../src/state/token.ts';
import { inTemporaryDirectory } from '../fixtures/directories.ts';

const HOUR = 3600;
const file = (state: State): string => state.path('cluster-token');
const kept = (state: State): string => readFileSync(file(state), 'utf8').trim();

/** Makes the token that is kept this many seconds old. */
function age(state: State, seconds: number): void {
  const then = Date.now() / 1000 - seconds;
  utimesSync(file(state), then, then);
}

describe('the cluster token', () => {
  it('is written when it is to be kept, and closed to others', () =>
    inTemporaryDirectory(async (dir) => {
      const state = openState(dir);
      const token = await prepareToken(state, HOUR);
      expect(token.value).toMatch(/^[a-z0-9]{6}\.[a-z0-9]{16}$/);
      expect(() => statSync(file(state))).toThrow(/ENOENT/);
      await token.keep();
      expect(readFileSync(file(state), 'utf8')).toBe(`${token.value}\n`);
      expect((statSync(file(state)).mode & 0o777).toString(8)).toBe('600');
    }));

  it('stays the same for as long as the cluster takes it, then a new one is made', () =>
    inTemporaryDirectory(async (dir) => {
      const state = openState(dir);
      const first = await rotateToken(state);
      age(state, HOUR - 60);
      expect((await prepareToken(state, HOUR)).value).toBe(first);
      age(state, HOUR + 1);
      const next = await prepareToken(state, HOUR);
      expect(next.value).not.toBe(first);
      expect(kept(state)).toBe(first); // a plan writes nothing
      await next.keep();
      expect((await prepareToken(state, HOUR)).value).toBe(next.value);
    }));

  it.each(['', 'abcdef', 'ABCDEF.0123456789abcdef', 'abcdef.0123456789abcdef x'])(
    'is not guessed from %j',
    (text) =>
      inTemporaryDirectory(async (dir) => {
        const state = openState(dir);
        writeFileSync(file(state), text);
        await expect(prepareToken(state, HOUR)).rejects.toThrow(
          /cluster-token does not hold a bootstrap token/,
        );
        expect(readFileSync(file(state), 'utf8')).toBe(text);
      }),
  );

  it('is never shown, neither the new nor the old one', () =>
    inTemporaryDirectory(async (dir) => {
      const state = openState(dir);
      const old = 'fedcba.fedcba9876543210';
      writeFileSync(file(state), old);
      const next = await rotateToken(state);
      expect(next).not.toBe(old);
      expect(redact(`${old} ${next} ${old.slice(7)}`)).toBe('[secret] [secret] [secret]');
    }));
});
