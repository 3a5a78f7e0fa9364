import { InfrastructureError } from '@taskwire/messaging';
import { toSqlError } from './sql-error.js';

/** 08 connection, 25006 read-only server, 53 resources, 57P shutdown, 58 system. Closed: anything else is the handler's. */
const INFRASTRUCTURE = /^(08|25006|53|57P|58)/;
/** Serialisation failure and deadlock: the same work succeeds when it runs again. */
const RUN_AGAIN = new Set(['40001', '40P01']);
export const LOCK_TIMEOUT = '55P03';

export function isInfrastructure(error: unknown): boolean {
  if (error instanceof InfrastructureError) return true;
  return INFRASTRUCTURE.test(toSqlError(error)?.sqlState ?? '');
}

export function isRunAgain(error: unknown): boolean {
  return RUN_AGAIN.has(toSqlError(error)?.sqlState ?? '');
}

/** A fault of the place as the error that pauses a subscription; anything else unchanged. */
export function asInfrastructure(error: unknown): unknown {
  if (error instanceof InfrastructureError || !isInfrastructure(error)) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new InfrastructureError(`the service's database can't be used now: ${message}`, { cause: error });
}
