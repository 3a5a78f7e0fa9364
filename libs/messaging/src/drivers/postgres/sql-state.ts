import { SendError } from '../../driver.js';

interface ServerError {
  readonly code?: unknown;
  readonly severity?: unknown;
}

/** The SQLSTATE of an error that the server sent; undefined for everything else. */
export function sqlState(error: unknown): string | undefined {
  const { code } = (error ?? {}) as ServerError;
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) && 'severity' in (error as object)
    ? code
    : undefined;
}

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** An ERROR from the server: the statement certainly had no effect, and the connection lives on. */
export const isRolledBack = (error: unknown): boolean =>
  sqlState(error) !== undefined && (error as ServerError).severity === 'ERROR';

/**
 * What an append's failure says about its messages. An ERROR means that the server rolled the statement back. A FATAL one,
 * a lost connection or no answer can come after the commit.
 */
export function appendFailure(error: unknown): SendError {
  const text = `postgres bus: append failed: ${messageOf(error)}`;
  return new SendError(isRolledBack(error) ? 'not-stored' : 'unknown', text, false, { cause: error });
}
