import type { MessageFault } from '@taskwire/messaging';
import { toSqlError } from '../sql/sql-error.js';
import type { Failure } from './park.js';

const LONGEST = 1_000;

/** Why a handler failed, for whoever looks at the dead letter. */
export function failureOf(error: unknown): Failure {
  const reason = toSqlError(error)?.sqlState ?? (error instanceof Error ? error.name : 'Error');
  const text = error instanceof Error ? error.message : String(error);
  return { reason, error: text.slice(0, LONGEST) };
}

export const failureOfFault = ({ code, detail }: MessageFault): Failure => ({
  reason: code,
  error: detail.slice(0, LONGEST),
});

export const PROCESS_DIED: Failure = {
  reason: 'process_died',
  error: 'the process died each time it ran this message',
};
