import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { sh, verbatim } from '../../src/connection/quote.ts';
import { LOGS } from '../../src/engine/output.ts';
import { unknown } from '../../src/engine/resource.ts';
import { command } from '../../src/resources/command.ts';
import { changesIn, condition, exists, fact, here, phase, run, stage, workFolder } from './mini.ts';

const folder = workFolder();
const at = (name: string): string => join(folder, name);

describe('needs', () => {
  const held = (name: string, need = condition('the API to answer', sh`echo it is down; exit 1`, 1)) => ({
    ...phase('held', stage(exists(at(name)))),
    needs: [need],
  });

  it('unmet defer their phase with the reason; the others go on', async () => {
    const { outcome } = await run([held('held'), phase('free', stage(fact('free', sh`echo x`, 'x')))]);
    expect(outcome).toMatchObject({ changes: 0, failures: [] });
    expect(outcome.deferred).toEqual(['held: the API to answer: it is down']);
    expect(existsSync(at('held'))).toBe(false);
  });

  it('are waited for when this run may have brought them about', async () => {
    const slow = { run: sh`(sleep 0.3; touch ${at('slow')}) >/dev/null 2>&1 & touch ${at('begun')}` };
    const need = condition('the slow thing', sh`[ -e ${at('slow')} ] || { echo not yet; exit 1; }`);
    const told = await run([phase('begin', stage(exists(at('begun'), slow))), held('after', need)]);
    expect(told.outcome).toMatchObject({ changes: 2, deferred: [], failures: [] });
    expect(told.events).toContainEqual({ type: 'wait', machine: 'a', what: 'the slow thing' });
  });

  it('are waited for by a patient run that is stuck: a run before it may have begun something', async () => {
    const coming = sh`( sleep 1; touch ${at('coming')} ) >/dev/null 2>&1 & true`;
    const need = condition('the coming', sh`[ -e ${at('coming')} ] || { echo not yet; exit 1; }`);
    await here('a')[0]!.connection!.run(coming, { limit: 5 });
    const { outcome } = await run([held('patient', need)], { patience: 10 });
    expect(outcome).toMatchObject({ changes: 1, deferred: [], failures: [] });

    const never = condition('the impossible', sh`echo no; exit 1`);
    const stuck = await run([held('in-vain', never)], { patience: 1 });
    expect(stuck.outcome).toMatchObject({ changes: 0, deferred: ['held: the impossible: no'] });
  });

  it('that do not come within their limit fail with what was last seen, on both sides', async () => {
    const name = `test-${process.pid}`;
    const log = `${LOGS}/${name}.log`;
    onTestFinished(() => rmSync(log, { force: true }));
    const count = sh`n=$(cat ${at('tries')} 2>/dev/null || echo 0); echo $((n + 1)) > ${at('tries')}; echo "try $n of many"; exit 1`;
    const told = await run([
      phase('begin', stage(exists(at('begin')))),
      held('never', { ...condition('the impossible', count, 2), name }),
    ]);
    const tries = Number(readFileSync(at('tries'), 'utf8')) - 1;
    expect(tries).toBeGreaterThan(2);
    expect(told.outcome.failures[0]).toMatchObject({
      message: `a: waited 2 s for the impossible: try ${tries} of many`,
      remedy: expect.stringContaining(`timeouts.${name}`) as string,
    });
    if (process.getuid?.() !== 0) return;
    expect(readFileSync(log, 'utf8')).toMatch(/^== \S+Z waited 2 s for the impossible\ntry \d+ of many\n$/);
  });

  it('on a machine that is not there defer, unless only those that are there count', async () => {
    const machines = [...here('a'), { name: 'b', connection: null }];
    const need = { ...condition('b to help', sh`true`), on: ['a', 'b'] };
    expect((await run([held('b', need)], { machines })).outcome.deferred).toEqual([
      'held: b to help: b is not there yet',
    ]);
    const lenient = { ...need, ofPresent: true as const };
    expect((await run([held('b', lenient)], { machines })).outcome).toMatchObject({
      changes: 1,
      deferred: [],
    });
  });

  const asked = (name: string) =>
    existsSync(at(name)) ? readFileSync(at(name), 'utf8').trim().split('\n').length : 0;
  const counting = (name: string, answer = sh`true`) =>
    condition(name, sh`echo x >> ${at(name)}; ${verbatim(answer)}`);

  it('are not asked by a phase that has nothing to do', async () => {
    const { outcome } = await run([
      { ...phase('idle', stage(exists(folder))), needs: [counting('idle-need', sh`exit 1`)] },
    ]);
    expect(outcome).toMatchObject({ changes: 0, deferred: [] });
    expect(asked('idle-need')).toBe(0);
  });

  it('are asked once, not waited for, while this run has changed nothing', async () => {
    const began = Date.now();
    const never = { ...counting('at-once', sh`echo no; exit 1`), limit: 10 };
    const told = await run([held('x', never), held('y', never)]);
    expect(told.outcome.deferred).toEqual(['held: at-once: no', 'held: at-once: no']);
    expect(told.events.filter(({ type }) => type === 'wait')).toEqual([]);
    expect([asked('at-once'), Date.now() - began < 3000]).toEqual([2, true]);
  });

  it('that were met are not asked again in the same pass, whichever phase needs them', async () => {
    const need = counting('once');
    const two = ['once-1', 'once-2'].map((name) => ({ ...held(name, need), name }));
    const told = await run([phase('first', stage(exists(at('once-0')))), ...two]);
    expect(told.outcome).toMatchObject({ changes: 3, deferred: [], failures: [] });
    expect(asked('once')).toBe(1);
  });

  it('are asked for a phase as a whole, not for each of its stages', async () => {
    const stages = ['s1', 's2', 's3'].map((name) => stage(exists(at(name))));
    await run([{ ...phase('stages', ...stages), needs: [counting('stages-need')] }]);
    expect(asked('stages-need')).toBe(1);
  });

  it('are asked when only a later stage has something to do', async () => {
    const stages = [stage(exists(folder)), stage(exists(at('later')))];
    const need = counting('later-need', sh`echo not yet; exit 1`);
    const { outcome } = await run([{ ...phase('later', ...stages), needs: [need] }]);
    expect(outcome.deferred).toEqual(['later: later-need: not yet']);
    expect([asked('later-need'), existsSync(at('later'))]).toEqual([1, false]);
  });

  it('are taken to be met by a plan once something is planned, and asked before', async () => {
    const need = counting('planned', sh`echo down; exit 1`);
    const before = await run([held('p1', need)], { planOnly: true });
    expect(before.outcome).toMatchObject({ changes: 0, deferred: ['held: planned: down'] });
    const after = await run([phase('first', stage(exists(at('p0')))), held('p1', need)], { planOnly: true });
    expect(after.outcome).toMatchObject({ changes: 2, deferred: [] });
    expect(asked('planned')).toBe(1);
  });
});

describe('what could not be known at first', () => {
  const behind = (api: string, path: string) => ({
    ...exists(path),
    question: command(
      sh`[ -e ${api} ] && { [ -e ${path} ] && echo there || echo missing; }; true`,
      (value) => (value === '' ? unknown : { value }),
    ),
  });

  it('is asked again when its turn comes', async () => {
    const [api, old, fresh] = [at('api'), at('old-object'), at('new-object')];
    await run([phase('before', stage(exists(old)))]);
    const told = await run([
      phase('api', stage(exists(api))),
      phase('objects', stage(behind(api, old), behind(api, fresh))),
    ]);
    expect(changesIn(told).map(({ resource }) => resource)).toEqual([`fact:${api}`, `fact:${fresh}`]);
    expect(told.outcome.failures).toEqual([]);
  });

  it('and cannot be known after the change is an error, not a success', async () => {
    const told = await run([phase('objects', stage(behind(at('no-api'), at('object'))))]);
    expect(told.outcome.failures[0]?.evidence).toEqual(['present: is false, should be true']);
  });
});
