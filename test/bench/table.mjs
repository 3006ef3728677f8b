// Figures for people: median, range, number of runs.

export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** "9.42 s (9.10 – 10.31, 5 runs)" */
export const spread = (values, unit = 's', digits = 2) =>
  `${median(values).toFixed(digits)} ${unit} (${Math.min(...values).toFixed(digits)} – ${Math.max(...values).toFixed(digits)}, ${values.length} runs)`;

/** Rows of cells as a table of Markdown. */
export function markdown(heads, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  return [line(heads), line(heads.map(() => '---')), ...rows.map(line)].join('\n');
}
