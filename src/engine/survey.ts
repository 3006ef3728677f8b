import { randomBytes } from 'node:crypto';
import type { Connection } from '../connection/connection.ts';
import { type Script, sh, verbatim } from '../connection/quote.ts';
import { MachineError } from '../errors.ts';
import { refuseLost } from './lost.ts';
import type { Observation } from './phase.ts';
import { type Answer, type Batch, unknown } from './resource.ts';

/** What a machine said about each resource, by id. */
export type Survey = ReadonlyMap<string, Answer>;

/** Asks one machine about all resources with a single script, and one for each kind that takes long. */
export async function survey(
  machine: string,
  connection: Connection,
  resources: readonly Observation[],
): Promise<Survey> {
  const all = [...byBatch(resources)];
  const parts = [
    all.filter(([{ apart }]) => apart !== true),
    ...all.filter(([{ apart }]) => apart === true).map((one) => [one]),
  ].filter((batches) => batches.length > 0);
  const answered = await Promise.all(parts.map((batches) => ask(machine, connection, new Map(batches))));
  return new Map(answered.flatMap((part) => [...part]));
}

/** Seconds: a slow machine that never kept digests reads a gigabyte of programs. */
const ANSWER = 180;

type Batches = ReadonlyMap<Batch, readonly Observation[]>;

async function ask(machine: string, connection: Connection, batches: Batches): Promise<Survey> {
  const mark = randomBytes(8).toString('hex');
  const result = await connection.run(questionScript(batches, mark), { limit: ANSWER });
  refuseLost(machine, result, 'while it was asked what is there');
  if (!result.ok) {
    throw new MachineError(
      machine,
      `could not be asked what is there (${result.outcome}, exit ${result.code})`,
      {
        evidence: result.stderr.split('\n').slice(-5),
        remedy: 'Run again; nothing was changed by asking.',
      },
    );
  }
  return answers(batches, sections(result.stdout, mark));
}

function byBatch(resources: readonly Observation[]): Map<Batch, Observation[]> {
  const batches = new Map<Batch, Observation[]>();
  for (const resource of resources) {
    const { batch } = resource.question;
    const members = batches.get(batch);
    if (members === undefined) batches.set(batch, [resource]);
    else members.push(resource);
  }
  return batches;
}

function questionScript(batches: Batches, mark: string): Script {
  const parts = [...batches].map(
    ([batch, members]) => sh`echo ${`${mark} ${batch.name}`}
(
${verbatim(batch.script(asks(members)))}
) </dev/null
`,
  );
  // A question that cannot be answered fails by itself; the others count.
  return [...parts, sh`true`].join('\n') as Script;
}

const asks = (resources: readonly Observation[]): string[] => [
  ...new Set(resources.map((resource) => resource.question.ask)),
];

function sections(output: string, mark: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const part of output.split(new RegExp(`^${mark} `, 'm')).slice(1)) {
    const end = part.indexOf('\n');
    found.set(part.slice(0, end), part.slice(end + 1));
  }
  return found;
}

function answers(batches: Batches, output: Map<string, string>): Survey {
  const found = new Map<string, Answer>();
  for (const [batch, members] of batches) {
    const section = output.get(batch.name);
    const questions = asks(members);
    const replies = section === undefined ? [] : batch.answers(section, questions);
    const replyTo = new Map(questions.map((ask, index) => [ask, replies[index] ?? null]));
    for (const { id, question } of members) {
      const reply = replyTo.get(question.ask) ?? null;
      found.set(id, section === undefined ? unknown : question.parse(reply));
    }
  }
  return found;
}
