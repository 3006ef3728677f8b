/** What of a description still stands once the schema has spoken. */
import type { Description, Judged } from './description.ts';
import type { Finding } from './problem.ts';

/**
 * Takes out, in place, what the schema found wrong. A wrong value stays there as undefined, so that no default takes
 * its place and is judged instead; so does the key that a misspelt one probably meant.
 */
export function standing(data: unknown, findings: readonly Finding[]): Judged<Description> | undefined {
  for (const { path, at, suggestion } of findings) {
    const last = path.at(-1);
    if (last === undefined) return undefined;
    const owner = path.slice(0, -1).reduce(stepInto, data) as Record<string | number, unknown> | undefined;
    if (owner === undefined) continue;
    if (at === 'value') owner[last] = undefined;
    else {
      delete owner[last];
      if (suggestion !== undefined) owner[suggestion] ??= undefined;
    }
  }
  return data as Judged<Description>;
}

function stepInto(here: unknown, step: string | number): unknown {
  return (here as Record<string | number, unknown> | undefined)?.[step];
}
