import { createHash } from 'node:crypto';
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
  /** Digest of what cluster.json came to. */
  readonly description: string;
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
  cluster: Described,
  changes: readonly PlannedChange[],
): Promise<void> {
  const plan: PlanFile = {
    ...{ hardway: 'plan', cluster: cluster.name, description: digest(cluster) },
    ...{ made: new Date().toISOString(), changes },
  };
  await writeAtomic(path, `${JSON.stringify(plan, null, 2)}\n`);
}

type Described = { readonly name: string };

const digest = (cluster: Described): string =>
  createHash('sha256').update(JSON.stringify(cluster)).digest('hex');

/** Throws when it is no plan of this cluster, or of another cluster.json. */
export async function readPlan(path: string, cluster: Described): Promise<PlanFile> {
  const plan = await parse(path);
  if (plan.cluster !== cluster.name)
    throw new UsageError(`${path} is a plan for cluster ${plan.cluster}, not for ${cluster.name}`);
  if (plan.description !== digest(cluster))
    throw new HardwayError('PLAN_MOVED', `cluster.json has changed since this plan was made (${plan.made})`, {
      remedy: 'Nothing was touched. Look at a new one: hardway plan --out <file>.',
    });
  return plan;
}

async function parse(path: string): Promise<PlanFile> {
  try {
    const plan = JSON.parse(await readFile(path, 'utf8')) as PlanFile | null;
    if (plan?.hardway === 'plan' && Array.isArray(plan.changes)) return plan;
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

/** A new certificate is another one each time that it is planned; what it must say follows from cluster.json. */
const text = ({ machine, phase, resource, differences }: PlannedChange): string =>
  JSON.stringify([machine, phase, resource, differences.map(withoutDigest)]);

const withoutDigest = ({ key, now, wanted }: Difference) =>
  /^[0-9a-f]{64}$/.test(String(wanted)) ? { key, now } : { key, now, wanted };

const words = ({ machine, resource, differences }: PlannedChange): string =>
  `${machine} ${resource} (${differences.map(({ key }) => key).join(', ')})`;
