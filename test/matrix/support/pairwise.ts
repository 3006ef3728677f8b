export type Row = readonly string[];

/**
 * Some of the rows, in which every two values stand together that do so in any row: greedily the row that brings most
 * new pairs, the first of equals. The same for the same rows.
 */
export function pairwise(rows: readonly Row[]): readonly Row[] {
  const open = new Set(rows.flatMap(pairsIn));
  const chosen: Row[] = [];
  while (open.size > 0) {
    const gain = (row: Row): number => pairsIn(row).filter((pair) => open.has(pair)).length;
    const best = rows.reduce((one, other) => (gain(other) > gain(one) ? other : one));
    for (const pair of pairsIn(best)) open.delete(pair);
    chosen.push(best);
  }
  return chosen;
}

/** "0=a 2=c": the values of every two columns. */
export const pairsIn = (row: Row): string[] =>
  row.flatMap((left, at) =>
    row.slice(at + 1).map((right, further) => `${at}=${left} ${at + 1 + further}=${right}`),
  );
