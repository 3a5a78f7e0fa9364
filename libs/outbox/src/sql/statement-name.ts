import { createHash } from 'node:crypto';

/** Begins a statement whose plan must fit the tables as they are: a plan kept from when they were empty reads them whole. */
export const UNNAMED = '/* planned each time */';

const names = new Map<string, string>();
const MOST = 1_000;

/**
 * The name under which a statement's plan may be kept, or '' for none. For Prisma, pass it to the adapter:
 * `new PrismaPg(config, { statementNameGenerator: ({ sql }) => statementName(sql) })`.
 */
export function statementName(text: string): string {
  if (text.startsWith(UNNAMED)) return '';
  const known = names.get(text);
  if (known !== undefined) return known;
  if (names.size >= MOST) return '';
  const name = `tw_${createHash('sha256').update(text).digest('base64url').slice(0, 24)}`;
  names.set(text, name);
  return name;
}
