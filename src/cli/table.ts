import type { NodeStatus } from './product.ts';

/** Columns as wide as their widest cell. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  );
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

export const nodeTable = (nodes: readonly NodeStatus[]): string =>
  table([
    ['NODE', 'STATE', 'ROLES', 'ADDRESS', 'VERSION'],
    ...nodes.map(({ name, state, roles, address, version }) => [
      name,
      state,
      roles.join(','),
      address,
      version,
    ]),
  ]);
