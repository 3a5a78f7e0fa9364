import type { z } from 'zod';

/** A payload or reply does not fit its contract. Names the message type and where, never values. */
export class ContractError extends Error {
  override readonly name = 'ContractError';
  constructor(
    readonly type: string,
    /** JSON pointer and zod issue code of the first mismatches, for example `/task/title (too_small)`. */
    readonly mismatches: string,
  ) {
    super(`${type}: does not fit its contract at ${mismatches}`);
  }
}

const SHOWN = 5;

/** Checks `value` against a schema of the contract `type`. Throws ContractError. */
export function fit<Schema extends z.ZodType>(
  type: string,
  schema: Schema,
  value: unknown,
): z.output<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new ContractError(type, mismatchesOf(result.error.issues));
}

function mismatchesOf(issues: readonly z.core.$ZodIssue[]): string {
  const shown = issues.slice(0, SHOWN).map((issue) => `${pointerOf(issue.path)} (${issue.code})`);
  if (issues.length > SHOWN) shown.push(`${issues.length - SHOWN} more`);
  return shown.join(', ');
}

/** JSON pointer (RFC 6901); the root is shown as `/`. */
function pointerOf(path: readonly PropertyKey[]): string {
  return `/${path.map((step) => String(step).replaceAll('~', '~0').replaceAll('/', '~1')).join('/')}`;
}
