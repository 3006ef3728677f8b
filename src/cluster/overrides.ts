/** `--set network.podCidr=10.1.0.0/16`: single values in place of, or beside, those of the file. */
import type { Finding, Path } from './problem.ts';
import { printPath } from './problem.ts';
import { forbiddenKeys, readSource } from './source.ts';

/** A path and a value, as JSON or plain text, and what says so: "--set", or a variable. */
export interface Override {
  readonly text: string;
  readonly where: string;
}

interface Overridden {
  /** What was set, and by what; problems at or below these paths are not the file's. */
  readonly set: readonly { readonly path: Path; readonly where: string }[];
  readonly findings: readonly (Finding & { readonly where: string })[];
}

/** Changes the data in place; the last one that sets something counts. */
export function applyOverrides(data: unknown, overrides: readonly Override[]): Overridden {
  const set: { path: Path; where: string }[] = [];
  const findings: (Finding & { where: string })[] = [];
  for (const { text, where } of overrides) {
    const outcome = applyOne(data, text);
    if ('message' in outcome) findings.push({ ...outcome, where });
    else set.unshift({ path: outcome.path, where });
  }
  return { set, findings };
}

function applyOne(data: unknown, setting: string): Finding | { readonly path: Path } {
  const middle = setting.indexOf('=');
  const written = middle === -1 ? setting : setting.slice(0, middle);
  const refuse = (path: Path, message: string): Finding => ({ path, at: 'value', message });
  const path = parsePath(written);
  if (middle === -1 || path === undefined) {
    return refuse([written], 'must be path=value, such as network.podCidr=10.1.0.0/16 or nodes[1].count=3');
  }
  if (path.some((step) => forbiddenKeys.includes(String(step))))
    return refuse(path, 'this key is never allowed');
  const text = setting.slice(middle + 1);
  const json = readSource(text);
  // Problems with a path lie inside good JSON; those without one mean that it is plain text.
  const isJson = json.findings.every((finding) => finding.path.length > 0);
  const [inside] = json.findings;
  if (isJson && inside !== undefined) return refuse([...path, ...inside.path], inside.message);
  const obstacle = put(data, path, isJson ? json.data : text);
  return obstacle === undefined ? { path } : refuse(path, obstacle);
}

/** nodes[1].labels["example.org/rack"] as steps; undefined when it is no path. */
function parsePath(text: string): Path | undefined {
  const path: (string | number)[] = [];
  let rest = text;
  while (rest !== '') {
    const step = /^(?:(\.?)([A-Za-z_$][\w$-]*)|\[(\d{1,4})\]|\["([^"\\]*)"\])/.exec(rest);
    if (step === null || (step[2] !== undefined && (step[1] === '') !== (path.length === 0)))
      return undefined;
    path.push(step[3] === undefined ? (step[2] ?? step[4] ?? '') : Number(step[3]));
    rest = rest.slice(step[0].length);
  }
  return path.length === 0 ? undefined : path;
}

/** Sets the value, making objects on the way; says what stands in the way. */
function put(data: unknown, path: Path, value: unknown): string | undefined {
  let here = data;
  for (const [index, step] of path.entries()) {
    if (Array.isArray(here) !== (typeof step === 'number') || typeof here !== 'object' || here === null) {
      return `${printPath(path.slice(0, index)) || 'the file'} is no ${typeof step === 'number' ? 'list' : 'object'}`;
    }
    if (Array.isArray(here) && Number(step) >= here.length)
      return `there is no entry ${step}; the first one is 0`;
    const owner = here as Record<string | number, unknown>;
    if (index === path.length - 1) owner[step] = value;
    else here = owner[step] ??= Object.create(null);
  }
  return undefined;
}
