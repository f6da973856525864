import { oneLine } from '../domain/foreign-text.ts';

/** Left-aligned columns, two spaces apart, one line a row; the last column is not padded. */
export function renderTable(cells: readonly (readonly string[])[]): string {
  const rows = cells.map((row) => row.map(oneLine));
  const widths = (rows[0] ?? []).map((_, column) =>
    // No Math.max(...): a repository may have more tags than a call takes arguments.
    rows.reduce((widest, row) => Math.max(widest, row[column]?.length ?? 0), 0),
  );
  return rows
    .map((row) => {
      const padded = row.map((cell, i) =>
        i === row.length - 1 ? cell : cell.padEnd(widths[i] ?? 0),
      );
      return `${padded.join('  ').trimEnd()}\n`;
    })
    .join('');
}
