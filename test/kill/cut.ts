import { cpSync, existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Lab } from '../live/support/lab.ts';
import { authorities, differences, type EndState, endState, withoutContents } from './end-state.ts';
import { complaint, engine, isSame, type Moment, nameOf, type Run } from './engine.ts';
import { plugOut, remember, reset, turnOn } from './power.ts';

/** Who dies, and when. */
export interface Cut {
  readonly victim: 'engine' | 'machine';
  readonly moment: Moment;
}

export const cutName = ({ victim, moment }: Cut): string =>
  `${victim === 'engine' ? 'engine killed' : 'machine stopped'} ${nameOf(moment)}`;

/** Runs until the moment comes, cuts, and returns when the engine has ended and the machine is back. */
export async function runInto(lab: Lab, { victim, moment }: Cut): Promise<Run> {
  let cut: Promise<void> | null = null;
  const run = await engine(lab, ['up'], (_, now, running) => {
    if (cut !== null || now === null || !isSame(now, moment)) return;
    if (victim === 'engine') running.kill('SIGKILL');
    cut = victim === 'engine' ? Promise.resolve() : powerCycle(lab, moment.effect.machine);
    cut.catch(() => undefined); // told below
  });
  if (cut === null) throw new Error(`never came to: ${nameOf(moment)} (${complaint(run) || 'it was well'})`);
  await cut;
  return run;
}

async function powerCycle(lab: Lab, machine: string): Promise<void> {
  await plugOut(lab, machine);
  await turnOn(lab, machine);
}

/** What is not as it should be after one more run; empty: healed. With other keys than `clean` only names count. */
export async function heal(
  lab: Lab,
  machines: readonly string[],
  clean: EndState,
  otherKeys = false,
): Promise<Healing> {
  const began = Date.now();
  const kept = authorities(lab);
  const up = await engine(lab, ['up']);
  const seconds = (Date.now() - began) / 1000;
  if (up.code !== 0) return { seconds, problems: [`up: exit ${up.code}: ${complaint(up)}`] };
  const now = await endState(lab, machines);
  const problems = otherKeys
    ? differences(withoutContents(clean), withoutContents(now))
    : differences(clean, now);
  problems.push(...differences(kept, authorities(lab)).filter((fact) => fact.startsWith('-')));
  const plan = await lab.hardway('plan');
  if (plan.code !== 0) problems.push(`plan: exit ${plan.code}: ${plan.output.trim()}`);
  const again = await engine(lab, ['up']);
  const changes = again.events.filter(({ type }) => type === 'change').length;
  if (again.code !== 0 || changes > 0)
    problems.push(`second up: exit ${again.code}, ${changes} changes: ${complaint(again)}`);
  return { seconds, problems };
}

export interface Healing {
  readonly seconds: number;
  readonly problems: readonly string[];
}

/** Machines as Vagrant makes them, nothing done to them yet, kept to be had again. The box is built when needed. */
export async function freshMachines(lab: Lab, machines: readonly string[]): Promise<void> {
  const run = await engine(lab, ['lab'], (_, moment, running) => {
    if (moment !== null) running.kill('SIGKILL');
  });
  if (run.signal !== 'SIGKILL') throw new Error(`hardway lab came to no effect: ${complaint(run)}`);
  await remember(lab, machines);
}

const keys = (lab: Lab): string => join(lab.folder, '.hardway', 'pki');
const keptKeys = (lab: Lab): string => join(lab.folder, 'kept-keys');

export function keepKeys(lab: Lab): void {
  cpSync(keys(lab), keptKeys(lab), { recursive: true });
}

/** As if nothing had ever been brought up from here; with the kept keys, so that contents can be compared. */
export async function startOver(lab: Lab, machines: readonly string[], otherKeys = false): Promise<void> {
  await reset(lab, machines);
  for (const name of ['kubeconfig', 'journal.ndjson'])
    rmSync(join(lab.folder, '.hardway', name), { force: true });
  if (!existsSync(keptKeys(lab))) return;
  rmSync(keys(lab), { recursive: true, force: true });
  if (!otherKeys) cpSync(keptKeys(lab), keys(lab), { recursive: true });
}
