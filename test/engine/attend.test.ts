import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fakeConnection } from '../../src/connection/fake.ts';
import { localConnection } from '../../src/connection/local.ts';
import { sh } from '../../src/connection/quote.ts';
import type { Attendance, Reply } from '../../src/engine/phase.ts';
import { attend } from '../../src/engine/settle.ts';
import type { Event } from '../../src/report/event.ts';
import { condition, exists, phase, run, stage, workFolder } from './mini.ts';

const folder = workFolder();
const at = (name: string): string => join(folder, name);

/** Asks for `names`, again and again while the folder is there. */
const asking = (names: string[], reply: Reply): Attendance<string> => ({
  ...{ description: 'requests', on: 'a', replies: () => reply },
  listen: sh`while [ -d ${folder} ]; do for name in ${names}; do echo "$name"; done; sleep 0.05; done`,
});

describe('requests made while a stage settles', () => {
  it('are answered, and the listening ends with the stage', async () => {
    const seen = new Set<string>();
    const attendance = asking(['r1', 'noise', 'r2'], (line) => {
      if (line === 'noise' || seen.has(line)) return null;
      seen.add(line);
      return sh`touch ${at(line)}`;
    });
    const answered = condition('its answers', sh`[ -e ${at('r1')} ] && [ -e ${at('r2')} ]`);
    const began = Date.now();
    const { outcome } = await run([
      phase('one', { ...stage(exists(at('asked'))), attend: attendance, settle: [answered] }),
    ]);
    expect(outcome).toMatchObject({ changes: 1, failures: [] });
    expect([...seen]).toEqual(['r1', 'r2']);
    expect(Date.now() - began).toBeLessThan(4000);
  });

  it('let a resource without steps come true', async () => {
    const certificate = { ...exists(at('certificate')), steps: () => [] };
    const attendance = asking(['sign'], () => sh`touch ${at('certificate')}`);
    const there = condition('a certificate', sh`[ -e ${at('certificate')} ]`);
    const { outcome } = await run([
      phase('one', { ...stage(certificate), attend: attendance, settle: [there] }),
    ]);
    expect(outcome).toMatchObject({ changes: 1, failures: [] });
  });

  it('are not listened for when nothing has to be done', async () => {
    const attendance = asking(['x'], () => sh`touch ${at('needless')}`);
    await run([phase('one', { ...stage(exists(folder)), attend: attendance })]);
    expect(existsSync(at('needless'))).toBe(false);
  });

  const listen = async (
    connection: Parameters<typeof attend>[0]['connection'],
    attendance: Attendance<string>,
  ) => {
    const events: Event[] = [];
    const until = new Promise((resolve) => setTimeout(resolve, 800));
    const site = {
      machine: 'a',
      phase: 'test',
      connection,
      report: (event: Event) => void events.push(event),
    };
    await attend(site, attendance, 'a', until, 5);
    return events
      .filter(({ type }) => type !== 'effect')
      .map((event) => ('text' in event ? event.text : event.type));
  };

  it('whose answer fails, or is no answer, are told and decide nothing', async () => {
    let first = true;
    const attendance = asking(['r'], (_, note) => {
      if (!first) return null;
      first = false;
      note('refused: it is not ours');
      return sh`echo noise >&2; echo the API is down >&2; exit 1`;
    });
    expect(await listen(localConnection(), attendance)).toEqual([
      'refused: it is not ours',
      'a request could not be answered: the API is down',
    ]);
    const throwing = asking(['r'], () => {
      throw new Error('a reply of nonsense');
    });
    expect(await listen(localConnection(), throwing)).toContain(
      'a request could not be answered: Error: a reply of nonsense',
    );
  });

  it('that cannot be heard are told too', async () => {
    const deaf = fakeConnection([]);
    expect(
      await listen(
        deaf,
        asking(['r'], () => null),
      ),
    ).toEqual([expect.stringMatching(/^requests could not be heard: Error: fake: unexpected run/)]);
  });

  it('do not hide the failure of the stage itself', async () => {
    const failing = exists(at('f'), { run: sh`sleep 0.1; exit 9` });
    const attendance = asking(['r'], () => sh`echo answered >> ${at('answers')}`);
    const { outcome } = await run([phase('one', { ...stage(failing), attend: attendance })]);
    expect(outcome.failures.map(({ message }) => message)).toEqual([`a: fact:${at('f')} failed (exit 9)`]);
    expect(readFileSync(at('answers'), 'utf8')).toContain('answered');
  });
});
