import { readFile } from 'node:fs/promises';
import { HardwayError, UsageError } from '../errors.ts';
import type { Difference, Event, Report } from '../report/event.ts';
import { writeAtomic } from '../state/write-atomic.ts';

/** One thing that would be changed; secrets are no part of it. */
export interface PlannedChange {
  readonly machine: string;
  readonly phase: string;
  readonly resource: string;
  readonly differences: readonly Difference[];
}

export interface PlanFile {
  readonly hardway: 'plan';
  readonly cluster: string;
  readonly made: string;
  readonly changes: readonly PlannedChange[];
}

/** Passes events on and keeps the changes among them. */
export function collecting(report: Report): { report: Report; changes: PlannedChange[] } {
  const changes: PlannedChange[] = [];
  return {
    changes,
    report: (event: Event) => {
      if (event.type === 'change') {
        const { machine, phase, resource, differences } = event;
        changes.push({ machine, phase, resource, differences });
      }
      report(event);
    },
  };
}

export async function writePlan(
  path: string,
  cluster: string,
  changes: readonly PlannedChange[],
): Promise<void> {
  const plan: PlanFile = { hardway: 'plan', cluster, made: new Date().toISOString(), changes };
  await writeAtomic(path, `${JSON.stringify(plan, null, 2)}\n`);
}

/** Throws UsageError when it is no plan of this cluster. */
export async function readPlan(path: string, cluster: string): Promise<PlanFile> {
  const plan = await parse(path);
  if (plan.cluster !== cluster)
    throw new UsageError(`${path} is a plan for cluster ${plan.cluster}, not for ${cluster}`);
  return plan;
}

async function parse(path: string): Promise<PlanFile> {
  try {
    const plan = JSON.parse(await readFile(path, 'utf8')) as PlanFile;
    if (plan.hardway === 'plan' && Array.isArray(plan.changes)) return plan;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw new UsageError(`${path} cannot be read`);
  }
  throw new UsageError(`${path} is no plan`, { remedy: 'hardway plan --out <file> makes one.' });
}

/** Refuses when what would be done now is not what the plan says. */
export function refuseMoved(plan: PlanFile, now: readonly PlannedChange[]): void {
  const said = new Set(plan.changes.map(text));
  const is = new Set(now.map(text));
  const evidence = [
    ...plan.changes.filter((change) => !is.has(text(change))).map((change) => `no longer: ${words(change)}`),
    ...now.filter((change) => !said.has(text(change))).map((change) => `not in it:  ${words(change)}`),
  ];
  if (evidence.length === 0) return;
  throw new HardwayError('PLAN_MOVED', `the world has moved since this plan was made (${plan.made})`, {
    evidence: evidence.slice(0, 12),
    remedy: 'Nothing was touched. Look at a new one: hardway plan --out <file>.',
  });
}

const text = (change: PlannedChange): string =>
  JSON.stringify([change.machine, change.phase, change.resource, change.differences]);

const words = ({ machine, resource, differences }: PlannedChange): string =>
  `${machine} ${resource} (${differences.map(({ key }) => key).join(', ')})`;
