import { createHash } from 'node:crypto';
import { InfrastructureError } from '@taskwire/messaging';
import type { SqlTransaction } from './executor.js';
import { LOCK_TIMEOUT } from './faults.js';
import { toSqlError } from './sql-error.js';

/**
 * Every transaction takes its locks class by class in this order, sorted by number within a class: so no two of them
 * wait for each other.
 */
type LockClass = 'replay' | 'inbox' | 'rows' | 'outgoing';

const WAIT = '10s';
const QUERY_CANCELED = '57014';

// The limits are set in the statement that waits first, which costs no round trip. With no number nothing is locked.
const LOCK = `select count(pg_advisory_xact_lock(n))::int as locks
  from (select set_config('lock_timeout', '${WAIT}', true), set_config('statement_timeout', '30s', true),
               set_config('idle_in_transaction_session_timeout', '60s', true)) limits
  left join unnest($1::text[]::bigint[]) n on true`;

/** Waits at most 10 s, then rejects with an InfrastructureError. Also bounds every later statement of the transaction. */
export async function lock(tx: SqlTransaction, of: LockClass, names: readonly string[]): Promise<void> {
  await whileLocking(of, () => tx.query(LOCK, [lockNumbers(of, names)]));
}

/** A statement that takes locks: that they are held for too long is a fault of the place, not of a message. */
export async function whileLocking(of: LockClass, statement: () => Promise<unknown>): Promise<void> {
  try {
    await statement();
  } catch (error) {
    const state = toSqlError(error)?.sqlState;
    if (state !== LOCK_TIMEOUT && state !== QUERY_CANCELED) throw error;
    throw new InfrastructureError(`locks (${of}) were held by another transaction for ${WAIT}`, {
      cause: error,
    });
  }
}

export const inboxLock = (subscriber: string, topic: string, partition: number): string =>
  `${subscriber}\0${topic}\0${partition}`;

export const outgoingLock = (topic: string, partition: number): string => `${topic}\0${partition}`;

/** 64 bits of SHA-256, each once, ascending: sorted by number, since two orders of one set of locks can deadlock. */
export function lockNumbers(of: LockClass, names: readonly string[]): string[] {
  const numbers = names.map((name) =>
    createHash('sha256').update(`${of}\0${name}`).digest().readBigInt64BE(0),
  );
  return [...new Set(numbers)].sort((a, b) => (a < b ? -1 : 1)).map(String);
}
