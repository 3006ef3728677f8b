/** Everything wrong with the text of a description, in the order of the text; and the description when nothing is. */
import type { Description } from './description.ts';
import { fromEnvironment } from './environment.ts';
import { schemaFindings } from './explain.ts';
import { applyOverrides } from './overrides.ts';
import type { Finding, Problem } from './problem.ts';
import { printPath, startsWith } from './problem.ts';
import { ruleFindings } from './rules.ts';
import { readSource } from './source.ts';
import type { Source } from './source.ts';
import { standing } from './standing.ts';

export interface Inspection {
  readonly problems: readonly Problem[];
  /** Undefined when there are problems. */
  readonly description: Description | undefined;
}

/** `filename` is only shown; `set` are texts such as "nodes[1].count=3", which count more than variables of `env`. */
export function inspect(
  text: string,
  filename: string,
  set: readonly string[] = [],
  env: NodeJS.ProcessEnv = {},
): Inspection {
  const source = readSource(text);
  const variables = fromEnvironment(env);
  const overrides = [...variables.overrides, ...set.map((one) => ({ text: one, where: '--set' }))];
  const overridden = applyOverrides(source.data, source.data === undefined ? [] : overrides);
  /** What overrides it; undefined: the file says so itself. */
  const origin = ({ path, offset }: Finding): string | undefined =>
    offset === undefined ? overridden.set.find((one) => startsWith(path, one.path))?.where : undefined;
  const findings = [...source.findings, ...judge(source)];
  const inFile = findings.filter((finding) => origin(finding) === undefined);
  const inOverrides = findings.flatMap((finding) => {
    const where = origin(finding);
    return where === undefined ? [] : [{ ...finding, where }];
  });
  const problems = [
    ...inFile.toSorted((one, other) => offsetOf(one, source) - offsetOf(other, source)).map(problemInFile),
    ...[...inOverrides, ...overridden.findings, ...variables.findings].map((one) =>
      toProblem(one, one.where, null, null),
    ),
  ];
  return { problems, description: problems.length === 0 ? (source.data as Description) : undefined };

  function problemInFile(finding: Finding): Problem {
    const { line, column } = source.position(offsetOf(finding, source));
    return toProblem(finding, `${filename}:${line}:${column}`, line, column);
  }
}

/** Schema first, then the rules on what stands; of a text that breaks off only the part before is judged. */
function judge(source: Source): readonly Finding[] {
  if (source.data === undefined) return [];
  const findings = schemaFindings(source.data);
  if (source.brokenFrom !== Infinity) {
    return findings.filter((finding) => endOf(finding, source) <= source.brokenFrom);
  }
  const left = standing(source.data, findings);
  return left === undefined ? findings : [...findings, ...ruleFindings(left)];
}

function offsetOf({ path, at, offset }: Finding, source: Source): number {
  return offset ?? source.locate(path)[at];
}

function endOf({ path, at }: Finding, source: Source): number {
  const place = source.locate(path);
  return at === 'key' ? place.key : place.end;
}

function toProblem(finding: Finding, where: string, line: number | null, column: number | null): Problem {
  const { message, allowed, suggestion } = finding;
  return { where, line, column, path: printPath(finding.path), message, allowed, suggestion };
}
