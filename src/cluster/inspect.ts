/** Everything wrong with the text of a description, in the order of the text; and the description when nothing is. */
import type { Description } from './description.ts';
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

/** `filename` is only shown; `overrides` are texts such as "nodes[1].count=3". */
export function inspect(text: string, filename: string, overrides: readonly string[] = []): Inspection {
  const source = readSource(text);
  const overridden = applyOverrides(source.data, source.data === undefined ? [] : overrides);
  const isOverridden = ({ path, offset }: Finding) =>
    offset === undefined && overridden.paths.some((start) => startsWith(path, start));
  const findings = [...source.findings, ...judge(source)];
  const inFile = findings.filter((finding) => !isOverridden(finding));
  const problems = [
    ...inFile.toSorted((one, other) => offsetOf(one, source) - offsetOf(other, source)).map(problemInFile),
    ...[...findings.filter(isOverridden), ...overridden.findings].map(problemOfOverride),
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

function problemOfOverride(finding: Finding): Problem {
  return toProblem(finding, '--set', null, null);
}

function toProblem(finding: Finding, where: string, line: number | null, column: number | null): Problem {
  const { message, allowed, suggestion } = finding;
  return { where, line, column, path: printPath(finding.path), message, allowed, suggestion };
}
