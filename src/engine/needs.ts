import type { Connection } from '../connection/connection.ts';
import type { Pass } from './converge.ts';
import type { Condition, Phase, Plan } from './phase.ts';
import { check, type Met, settle } from './settle.ts';

/** What the machines said about each need at the beginning of the pass, by condition and machine. */
export type NeedAnswers = ReadonlyMap<string, Promise<Met>>;

const key = (need: Condition, machine: string): string => `${need.name} ${need.description} ${machine}`;

/** Asks all needs of all phases at once, while the machines are asked what is there. */
export function askNeeds<S>(plan: Plan<S>, present: ReadonlyMap<string, Connection>): NeedAnswers {
  const answers = new Map<string, Promise<Met>>();
  for (const need of plan.phases.flatMap(({ needs = [] }) => needs)) {
    for (const machine of need.on) {
      const connection = present.get(machine);
      if (connection === undefined || answers.has(key(need, machine))) continue;
      const answer = check(machine, connection, need);
      answer.catch(() => undefined); // told by whoever asks for it
      answers.set(key(need, machine), answer);
    }
  }
  return answers;
}

/**
 * Why a phase cannot run yet, or null. A need is waited for when this run has changed something that may still
 * bring it about; otherwise the first answer counts. While planning, what is only planned cannot be there.
 */
export async function unmetNeed<S>(pass: Pass<S>, phase: Phase<S>): Promise<string | null> {
  for (const need of phase.needs ?? []) {
    const reasons = await Promise.all(need.on.map((machine) => unmetOn(pass, need, machine)));
    const reason = reasons.find((one) => one !== null) ?? null;
    if (reason !== null) return `${need.description}: ${reason}`;
  }
  return null;
}

async function unmetOn<S>(pass: Pass<S>, need: Condition, machine: string): Promise<string | null> {
  const { report, planOnly } = pass.options;
  const connection = pass.present.get(machine);
  if (connection === undefined) return `${machine} is not there yet`;
  if (pass.changes > 0 && !planOnly) {
    // What came true in this pass stays true in it: phases do not break what earlier ones needed.
    if (pass.met.has(key(need, machine))) return null;
    await settle(machine, connection, need, report);
    pass.met.add(key(need, machine));
    return null;
  }
  const answer = await pass.needs.get(key(need, machine));
  const plannedAway = planOnly && pass.changes > 0;
  return answer === undefined || answer.met || plannedAway ? null : answer.reason;
}
