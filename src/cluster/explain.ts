/** What the schema objects to, as findings a person can act on. */
import type { ErrorObject } from 'ajv';
import { unknownAddons } from './addons.ts';
import type { Finding, Path } from './problem.ts';
import { startsWith } from './problem.ts';
import { phrase } from './phrases.ts';
import { nearest } from './suggest.ts';
import validate from './validator.ts';

/** Everything the schema finds wrong with the data: one finding a value, and one a key unknown or missing. */
export function schemaFindings(data: unknown): readonly Finding[] {
  validate(data);
  const strangers = unknownAddons(data);
  const findings = [...strangers];
  const explained = new Set<string>();
  for (const error of validate.errors ?? []) {
    const path = toPath(error.instancePath, data);
    if (strangers.some((stranger) => startsWith(path, stranger.path))) continue;
    if (error.keyword === 'additionalProperties') findings.push(unknownKey(error, path));
    else if (error.keyword === 'required') findings.push(missingKey(error, path));
    // The error about the key itself says more than this one.
    else if (error.keyword === 'propertyNames') continue;
    else if (!explained.has(placeOf(error))) {
      explained.add(placeOf(error));
      findings.push(wrong(error, path));
    }
  }
  return withoutEchoes(findings);
}

function unknownKey(error: ErrorObject, path: Path): Finding {
  const key = String(error.params['additionalProperty']);
  const allowed = Object.keys(error.parentSchema?.['properties'] ?? {});
  const kind = error.instancePath === '/timeouts' ? 'condition' : 'key';
  const suggestion = nearest(key, allowed);
  const message = `unknown ${kind}`;
  return { path: [...path, key], at: 'key', message, suggestion, allowed: allowed.join(', ') };
}

function missingKey(error: ErrorObject, path: Path): Finding {
  return { path: [...path, String(error.params['missingProperty'])], at: 'value', message: missing };
}

const missing = 'missing';

/** A value, or the name of a property where names are free but not just anything. */
function wrong(error: ErrorObject, path: Path): Finding {
  if (error.propertyName === undefined) return { path, at: 'value', ...phrase(error, error.data) };
  return { path: [...path, error.propertyName], at: 'key', ...phrase(error, error.propertyName) };
}

/** Of several rules that one value breaks only the first is told. */
function placeOf(error: ErrorObject): string {
  return JSON.stringify([error.instancePath, error.propertyName]);
}

/** A missing key beside its misspelling is one mistake, not two. */
function withoutEchoes(findings: readonly Finding[]): readonly Finding[] {
  const meant = new Set<string>();
  for (const { at, path, suggestion } of findings) {
    if (at === 'key' && suggestion !== undefined) meant.add(JSON.stringify(path.with(-1, suggestion)));
  }
  return findings.filter(({ path, message }) => message !== missing || !meant.has(JSON.stringify(path)));
}

/** From ajv's "/nodes/1/labels/a~1b": steps into arrays become numbers. */
function toPath(pointer: string, data: unknown): Path {
  const path: (string | number)[] = [];
  let here = data;
  for (const raw of pointer.split('/').slice(1)) {
    const step = raw.replaceAll('~1', '/').replaceAll('~0', '~');
    path.push(Array.isArray(here) ? Number(step) : step);
    here = (here as Record<string, unknown>)[step];
  }
  return path;
}
