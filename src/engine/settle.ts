import type { Connection } from '../connection/connection.ts';
import { type Script, sh, verbatim } from '../connection/quote.ts';
import { MachineError } from '../errors.ts';
import type { Report } from '../report/event.ts';
import { asError } from './as-error.ts';
import { refuseLost } from './lost.ts';
import { alsoKept } from './output.ts';
import type { Attendance, Condition, Reply } from './phase.ts';
import { effect, type Site } from './site.ts';

export type Met =
  | { readonly met: true }
  | { readonly met: false; readonly reason: string; readonly evidence: readonly string[] };

/** Whether a condition holds on one machine, or comes to hold within `patience` seconds (default: asked once). */
export async function check(
  machine: string,
  connection: Connection,
  condition: Condition,
  patience = 0,
): Promise<Met> {
  return ask(machine, connection, condition, patience);
}

/**
 * Waits on the machine itself until the condition holds there; throws MachineError with what was last seen, which is
 * also kept over there.
 */
export async function settle(
  machine: string,
  connection: Connection,
  condition: Condition,
  report: Report,
): Promise<void> {
  const began = Date.now();
  report({ type: 'wait', machine, what: condition.description });
  const kept = alsoKept(condition.name, `waited ${condition.limit} s for ${condition.description}`);
  const answer = await ask(machine, connection, condition, condition.limit, kept);
  if (!answer.met) {
    const text = [answer.reason, ...answer.evidence].join('\n');
    report({ type: 'output', machine, phase: condition.name, text });
    throw new MachineError(
      machine,
      `waited ${condition.limit} s for ${condition.description}: ${answer.reason}`,
      {
        evidence: answer.evidence,
        remedy: `If it is only slow, raise timeouts.${condition.name} in cluster.json and run again.`,
      },
    );
  }
  report({ type: 'met', machine, what: condition.description, seconds: (Date.now() - began) / 1000 });
}

async function ask(
  machine: string,
  connection: Connection,
  condition: Condition,
  limit: number,
  told: Script = sh`cat`,
): Promise<Met> {
  const result = await connection.run(waitScript(condition, machine, limit, told), { limit: limit + 15 });
  if (result.ok) return { met: true };
  refuseLost(machine, result, `while it waited for ${condition.description}`);
  // First the script's own reason; where there is evidence, its first line says it better.
  const said = `${result.stdout}\n${result.stderr}`.trim().split('\n');
  const [reason = '', ...evidence] = said.length > 1 ? said.slice(1) : said;
  const silence = `no answer (${result.outcome}, exit ${result.code})`;
  return { met: false, reason: reason === '' ? silence : reason, evidence };
}

const waitScript = (
  { script, evidence }: Condition,
  machine: string,
  limit: number,
  told: Script,
): Script => sh`hw_check() {
${verbatim(script(machine))}
}
hw_evidence() {
${verbatim(evidence?.(machine) ?? sh`true`)}
}
hw_limit=${limit}
hw_end=$(( $(date +%s) + hw_limit ))
while :; do
  hw_reason=$( (hw_check) 2>&1 </dev/null ) && exit 0
  [ "$(date +%s)" -ge "$hw_end" ] && break
  sleep 0.1
done
{
  printf '%s\n' "$hw_reason" | tail -n 1
  (hw_evidence) 2>&1 </dev/null
} | {
${verbatim(told)}
}
exit 1`;

/** Answers requests until `until` ends. Failures to answer are told, never thrown: the condition decides. */
export async function attend<S>(
  site: Site,
  attendance: Attendance<S>,
  scope: S,
  until: Promise<unknown>,
  limit: number,
): Promise<void> {
  const { connection, report } = site;
  const over = new AbortController();
  const note = (text: string): void => report({ type: 'warning', machine: attendance.on, text });
  const answering: Promise<void>[] = [];
  const work = { site, reply: attendance.replies(scope), what: attendance.description };
  const onLine = (line: string): void => void answering.push(answer(work, line, note));
  const listen = async (): Promise<void> => {
    // For as long as the stage takes, however slow its uploads are.
    for (let outcome = 'limit'; outcome === 'limit';) {
      ({ outcome } = await connection.run(attendance.listen, { limit, onLine, signal: over.signal }));
    }
  };
  const listening = listen().catch((error: unknown) =>
    note(`requests could not be heard: ${asError(error).message}`),
  );
  await until.catch(() => undefined);
  over.abort();
  await Promise.all([listening, ...answering]);
}

async function answer(
  { site, reply, what }: { site: Site; reply: Reply; what: string },
  line: string,
  note: (text: string) => void,
): Promise<void> {
  const failed = (why: string): void => {
    reply.failed?.(line);
    note(`a request could not be answered: ${why}`);
  };
  try {
    const script = reply(line, note);
    if (script === null) return;
    const result = await effect(site, what, () => site.connection.run(script, { limit: 30 }));
    if (!result.ok) failed(result.stderr.trim().split('\n').at(-1) || result.outcome);
  } catch (error) {
    failed(asError(error).message);
  }
}
