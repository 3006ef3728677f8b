import { createHash } from 'node:crypto';
import { writeFiles } from '../connection/bundle.ts';
import type { Upload } from '../connection/connection.ts';
import { type Script, sh, verbatim } from '../connection/quote.ts';
import { MachineError } from '../errors.ts';
import type { Content, Gather, Step } from './resource.ts';
import { refuseLost } from './lost.ts';
import { keepOutput } from './output.ts';
import { effect, type Site } from './site.ts';

/** Above this a file is streamed by itself instead of travelling inside the change script. */
const LARGE = 256 * 1024;
/** Seconds for one change script, uploads not counted. */
export const CHANGE_LIMIT = 180;

export interface Work {
  readonly resource: string;
  readonly steps: readonly Step[];
}

/**
 * Makes all changes of one stage on one machine: large files first, then one script with the small files,
 * the removals and the commands, each distinct command once; then what is done on this side. Throws MachineError
 * naming what failed.
 */
export async function change(site: Site, work: readonly Work[]): Promise<void> {
  const uploads = work.flatMap(({ steps }) => steps.filter(isPut)).map(upload);
  for (const large of uploads.filter(isLarge)) await effect(site, large.path, () => put(site, large));
  const small = uploads.filter((file) => !isLarge(file));
  const script = changeScript(site.phase, work, small);
  if (script !== '') await effect(site, subjects(work), () => run(site, script, secondsFor(work)));
  for (const step of work.flatMap(({ steps }) => steps)) {
    if (!('here' in step)) continue;
    await effect(site, step.what, step.here);
    await site.connection.connect(); // it may have gone down meanwhile
  }
}

const subjects = (work: readonly Work[]): string => work.map(({ resource }) => resource).join(' ');

const secondsFor = (work: readonly Work[]): number =>
  work
    .flatMap(({ steps }) => steps)
    .reduce((sum, step) => sum + ('run' in step ? (step.limit ?? 0) : 0), CHANGE_LIMIT);

async function run(
  { machine, phase, connection, report }: Site,
  script: Script,
  limit: number,
): Promise<void> {
  const result = await connection.run(script, { limit, alone: machine });
  const text = result.stderr.trim();
  if (text !== '') report({ type: 'output', machine, phase, text });
  if (result.ok) return;
  refuseLost(machine, result, 'while it was being changed');
  const failed = /^hw-failed (.*)$/m.exec(result.stdout)?.[1];
  const [cause = '', ...evidence] = text.split('\n').slice(-12);
  // A file that cannot be written says by itself which one and why.
  const writing = failed === undefined && result.outcome === 'ended' && cause !== '';
  const how = `${failed ?? 'a change'} ${ending(result.outcome, result.code, limit)}`;
  throw new MachineError(machine, writing ? cause : how, {
    evidence: writing ? evidence : [cause, ...evidence],
    remedy: 'Run again when the cause is gone; what was done is kept, the rest follows.',
  });
}

function ending(outcome: string, code: number | null, limit: number): string {
  if (outcome === 'limit') return `did not end within ${limit} s`;
  return `failed (exit ${code})`;
}

type Put = Extract<Step, { put: string }>;
const isPut = (step: Step): step is Put => 'put' in step;

function upload(step: Put): Upload {
  const owner = step.owner === undefined ? {} : { owner: step.owner };
  const base = { path: step.put, mode: step.mode, ...owner };
  if (isFile(step.content))
    return { ...base, content: { file: step.content.file }, sha256: step.content.sha256 };
  const content = Buffer.from(step.content);
  return { ...base, content, sha256: createHash('sha256').update(content).digest('hex') };
}

const isFile = (content: Content): content is Extract<Content, { file: string }> =>
  typeof content === 'object' && 'file' in content;

const isLarge = (file: Upload): boolean => !Buffer.isBuffer(file.content) || file.content.length > LARGE;

async function put({ machine, connection, report }: Site, file: Upload): Promise<void> {
  const task = `${machine}: ${file.path}`;
  await connection.put({
    ...file,
    onProgress: (done, total) => report({ type: 'progress', task, done, total, unit: 'bytes' }),
  });
}

function changeScript(phase: string, work: readonly Work[], files: readonly Upload[]): Script {
  const parts: Script[] = [];
  const seen = new Set<string>();
  const gathered = gather(work);
  for (const { resource, steps } of work) {
    for (const step of steps) {
      if ('put' in step || 'here' in step) continue;
      const script =
        'run' in step ? step.run : 'remove' in step ? sh`rm -rf -- ${step.remove}` : gathered(step);
      if (script === null || seen.has(script)) continue;
      seen.add(script);
      parts.push(guarded(resource, script));
    }
  }
  if (parts.length > 0) parts.unshift(keepOutput(phase, subjects(work)));
  if (files.length > 0) parts.unshift(writeFiles(files));
  return parts.join('\n') as Script;
}

type Gathered = Extract<Step, { gather: Gather }>;

/** The one script that does all items of a kind; it stands where the last of them would: what precedes any is done. */
function gather(work: readonly Work[]): (step: Gathered) => Script | null {
  const kinds = new Map<Gather, Gathered[]>();
  for (const step of work.flatMap(({ steps }) => steps)) {
    if ('gather' in step) kinds.set(step.gather, [...(kinds.get(step.gather) ?? []), step]);
  }
  return (step) => {
    const all = kinds.get(step.gather) ?? [];
    return step === all.at(-1) ? step.gather.script(all.map(({ item }) => item)) : null;
  };
}

/** Stops at the first failure and says whose it was. */
const guarded = (resource: string, script: Script): Script => sh`(
set -e
${verbatim(script)}
) >&2 </dev/null
hw_code=$?
if [ $hw_code -ne 0 ]; then echo ${`hw-failed ${resource}`}; exit $hw_code; fi`;
