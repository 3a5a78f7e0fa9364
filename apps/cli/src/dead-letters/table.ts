/** What would break a line of a terminal, or command it. */
// oxlint-disable-next-line no-control-regex -- these are what is looked for
const CONTROL = /[\u0000-\u001F\u007F-\u009F\u2028\u2029]/g;

/** Text of a foreign message, fit for a terminal. */
export const plain = (text: string): string => text.replace(CONTROL, '\uFFFD');

export type Row = readonly (string | number | null)[];

/** Columns under a headline, each as wide as its widest cell; the last may be long. */
export function table(headline: readonly string[], rows: readonly Row[]): string[] {
  const cells = [headline, ...rows.map((row) => row.map((cell) => plain(String(cell ?? '-'))))];
  const widths = headline.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  return cells.map((row) =>
    row
      .map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
}
