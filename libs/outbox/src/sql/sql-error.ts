import { SqlError } from './executor.js';

/** The nearest SQLSTATE for what Prisma reports without one, and for what a socket or a pool reports. */
const CONNECTION = '08006';
const NO_CONNECTION_FREE = '53300';
const SERIALIZATION = '40001';
const TRANSACTION_TIMEOUT = '25P03';

const PRISMA: Readonly<Record<string, string>> = {
  P1001: CONNECTION,
  P1002: CONNECTION,
  P1008: CONNECTION,
  P1017: CONNECTION,
  P2024: NO_CONNECTION_FREE,
  P2034: SERIALIZATION,
  P2037: NO_CONNECTION_FREE,
};
/** What the driver adapter calls faults that reached no server: raw statements report them without a code of their own. */
const ADAPTER: Readonly<Record<string, string>> = {
  DatabaseNotReachable: CONNECTION,
  ConnectionClosed: CONNECTION,
  SocketTimeout: CONNECTION,
  TooManyConnections: NO_CONNECTION_FREE,
  TransactionWriteConflict: SERIALIZATION,
};
const SOCKET = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
]);
const CONNECTION_TEXT =
  /connection terminated|connection error and is not queryable|client was closed|timeout exceeded when trying to connect|query read timeout|after calling end on the pool/i;
const SQL_STATE = /^[0-9A-Z]{5}$/;
const PRISMA_CODE = /^P[1-9]\d{3}$/;
const DEPTH = 5;

/** What the database or the way to it reported, found in an error of pg or Prisma or in its causes; null for anything else. */
export function toSqlError(error: unknown): SqlError | null {
  let cause = error;
  for (let depth = 0; isReported(cause) && depth < DEPTH; depth++) {
    if (cause instanceof SqlError) return cause;
    const state = stateOf(cause);
    if (state !== null) return new SqlError(state, cause.message, { cause: error });
    cause = cause.cause;
  }
  return null;
}

/** By its shape: errors of Node's own modules may come from another realm. */
function isReported(error: unknown): error is Reported {
  return (
    typeof error === 'object' && error !== null && 'message' in error && typeof error.message === 'string'
  );
}

interface Reported extends Error {
  readonly code?: unknown;
  readonly errorCode?: unknown;
  readonly meta?: { readonly driverAdapterError?: { readonly cause?: AdapterCause } };
}

interface AdapterCause {
  readonly originalCode?: unknown;
  readonly kind?: string;
}

function stateOf(error: Reported): string | null {
  const adapter = error.meta?.driverAdapterError?.cause;
  if (isSqlState(adapter?.originalCode)) return adapter.originalCode;
  const known = ADAPTER[adapter?.kind ?? ''];
  if (known !== undefined) return known;
  const code = typeof error.code === 'string' ? error.code : error.errorCode;
  if (typeof code !== 'string') return CONNECTION_TEXT.test(error.message) ? CONNECTION : null;
  if (code === 'P2028') return transactionState(error.message);
  if (SOCKET.has(code)) return CONNECTION;
  if (isSqlState(code) && !PRISMA_CODE.test(code)) return code;
  return PRISMA[code] ?? (CONNECTION_TEXT.test(error.message) ? CONNECTION : null);
}

/** P2028 says both "no connection was free" and "the transaction took too long": only the first is a fault of the place. */
function transactionState(message: string): string {
  if (/unable to start/i.test(message)) return NO_CONNECTION_FREE;
  return CONNECTION_TEXT.test(message) ? CONNECTION : TRANSACTION_TIMEOUT;
}

const isSqlState = (code: unknown): code is string => typeof code === 'string' && SQL_STATE.test(code);
