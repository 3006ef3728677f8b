/** The candidate that was probably meant: few letters differ. Undefined when none is near. */
export function nearest(written: string, candidates: readonly string[]): string | undefined {
  if (written.length > 64) return undefined;
  const reach = Math.max(1, Math.round(written.length * 0.4));
  let best: string | undefined;
  let bestDistance = reach + 1;
  for (const candidate of candidates) {
    const distance = editDistance(written.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best;
}

/** Levenshtein: how many letters must be put in, taken out or replaced. */
function editDistance(from: string, to: string): number {
  let above = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row++) {
    const current = [row];
    for (let column = 1; column <= to.length; column++) {
      const replace = above[column - 1]! + (from[row - 1] === to[column - 1] ? 0 : 1);
      current.push(Math.min(replace, above[column]! + 1, current[column - 1]! + 1));
    }
    above = current;
  }
  return above[to.length]!;
}

/** The same text in lower case, with '-' for other marks or without a leading v, when that would be allowed. */
export function respelt(written: string, allowed: RegExp): string | undefined {
  if (written.length > 64) return undefined;
  const lower = written.toLowerCase();
  const candidates = [lower, lower.replace(/[^a-z0-9]+/g, '-'), written.replace(/^v/i, ''), written.trim()];
  return candidates.find((candidate) => allowed.test(candidate));
}
