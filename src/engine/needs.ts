import { setTimeout } from 'node:timers/promises';
import type { Pass } from './converge.ts';
import type { Condition, Phase } from './phase.ts';
import { check, settle } from './settle.ts';

/**
 * Why a phase that has something to do cannot do it yet, or null. A need is waited for when this run has changed
 * something that may still bring it about; otherwise it is asked once. While planning, what is only planned cannot be
 * there.
 */
export async function unmetNeed<S>(pass: Pass<S>, phase: Phase<S>): Promise<string | null> {
  // All at once: each is a process or two on the machines.
  const reasons = await Promise.all((phase.needs ?? []).map((need) => unmet(pass, need)));
  return reasons.find((reason) => reason !== null) ?? null;
}

async function unmet<S>(pass: Pass<S>, need: Condition): Promise<string | null> {
  const missing = missingFor(need, pass.present);
  if (missing.length > 0)
    return `${need.description}: ${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} not there yet`;
  const reasons = await Promise.all(
    askedOf(need, pass.present).map((machine) => unmetOn(pass, need, machine)),
  );
  const reason = reasons.find((one) => one !== null) ?? null;
  return reason === null ? null : `${need.description}: ${reason}`;
}

/** The machines that must be asked, of those that are there; none where too many are missing for it to come true. */
export function askedOf(condition: Condition, present: ReadonlyMap<string, unknown>): readonly string[] {
  const { on, one, enough = 0 } = condition;
  const there = on.filter((name) => present.has(name));
  if (there.length < enough) return [];
  return one === true ? there.slice(0, 1) : there;
}

/** Machines that are not there, when too many of them are not. */
function missingFor(need: Condition, present: ReadonlyMap<string, unknown>): readonly string[] {
  const { on, ofPresent, one, enough = one === true ? 1 : on.length } = need;
  const missing = on.filter((name) => !present.has(name));
  return ofPresent === true || on.length - missing.length >= enough ? [] : missing;
}

async function unmetOn<S>(pass: Pass<S>, need: Condition, machine: string): Promise<string | null> {
  const { report, planOnly } = pass.options;
  const connection = pass.present.get(machine);
  if (connection === undefined) return `${machine} is not there yet`;
  if (planOnly && pass.changed.size > 0) return null;
  // What came true in this pass stays true in it: phases do not break what earlier ones needed.
  const key = `${need.name} ${need.description} ${machine}`;
  if (pass.met.has(key)) return null;
  // Behind a phase that was deferred one might wait in vain; the next pass asks again.
  const isPatient = pass.patientUntil > 0;
  const mayCome = !isPatient && (pass.changes > 0 || pass.number > 1) && pass.deferred.length === 0;
  if (mayCome) await settle(machine, connection, need, report);
  else {
    let answer = await check(machine, connection, need);
    while (!answer.met && Date.now() < pass.patientUntil) {
      await setTimeout(500);
      answer = await check(machine, connection, need);
    }
    if (!answer.met) return answer.reason;
  }
  pass.met.add(key);
  return null;
}
