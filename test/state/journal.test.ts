import { appendFileSync, readFileSync, statSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Event } from '../../src/report/event.ts';
import { registerSecret } from '../../src/report/redact.ts';
import { openState } from '../../src/state/directory.ts';
import { appendToJournal, readJournal } from '../../src/state/journal.ts';
import { inTemporaryDirectory } from '../fixtures/directories.ts';

const note = (text: string): Event => ({ type: 'note', text });
const texts = (entries: Awaited<ReturnType<typeof readJournal>>): string[] =>
  entries.map((entry) => ('text' in entry ? entry.text : ''));

describe('the journal', () => {
  it('gives back what was written, oldest first, with its run and its time', () =>
    inTemporaryDirectory(async (dir) => {
      const state = openState(dir);
      expect(await readJournal(state)).toEqual([]);
      await appendToJournal(state, 'run-1', note('one'));
      await appendToJournal(state, 'run-2', note('two\nlines'));
      expect(await readJournal(state)).toEqual([
        { run: 'run-1', time: expect.stringMatching(/^\d{4}-.*Z$/) as string, ...note('one') },
        { run: 'run-2', time: expect.stringMatching(/^\d{4}-.*Z$/) as string, ...note('two\nlines') },
      ]);
      expect(statSync(state.path('journal.ndjson')).mode & 0o777).toBe(0o600);
    }));

  it('leaves out a last line that was cut off, and loses nothing that is written after it', () =>
    inTemporaryDirectory(async (dir) => {
      const state = openState(dir);
      await appendToJournal(state, 'run-1', note('one'));
      appendFileSync(state.path('journal.ndjson'), '{"time":"2026-01-01T00:00:00Z","type":"no');
      expect(texts(await readJournal(state))).toEqual(['one']);
      await appendToJournal(state, 'run-2', note('two'));
      expect(texts(await readJournal(state))).toEqual(['one', 'two']);
    }));

  it('holds no secret', () =>
    inTemporaryDirectory(async (dir) => {
      const state = openState(dir);
      registerSecret('journal-s3cret');
      await appendToJournal(state, 'run-1', note('the key is journal-s3cret'));
      expect(readFileSync(state.path('journal.ndjson'), 'utf8')).not.toContain('journal-s3cret');
    }));
});
