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

/**
 * What an append's failure says about its messages. An ERROR means that the server rolled the statement back. A FATAL one,
 * a lost connection or no answer can come after the commit.
 */
export function appendFailure(error: unknown): SendError {
  const text = `postgres bus: append failed: ${messageOf(error)}`;
  const rolledBack = sqlState(error) !== undefined && (error as ServerError).severity === 'ERROR';
  return new SendError(rolledBack ? 'not-stored' : 'unknown', text, false, { cause: error });
}
