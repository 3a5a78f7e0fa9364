/** PostgreSQL can't store U+0000 in a text; only a broken sender has one in an id or a key. */
export function storable(text: string): string {
  return text.includes('\0') ? text.replaceAll('\0', '\uFFFD') : text;
}

/** One column of rows, as a list for `unnest`. Dates in ISO form, objects as JSON. */
export function column<Row>(
  rows: readonly Row[],
  value: (row: Row) => string | number | Date | null,
): (string | null)[] {
  return rows.map((row) => {
    const cell = value(row);
    if (cell === null) return null;
    return cell instanceof Date ? cell.toISOString() : storable(String(cell));
  });
}

/** JSON for a json column. What has no JSON form, as undefined, is null. */
export function json(value: unknown): string {
  return JSON.stringify(value ?? null) ?? 'null';
}
