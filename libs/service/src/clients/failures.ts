import { errors } from 'undici';

/** Nothing was listening, or nobody could be found: the service can't have seen the request. */
const NEVER_SENT = new Set([
  ...['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH'],
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** It was sent, and no answer came in time. */
export function isLate(error: unknown): boolean {
  return (
    (error as Error).name === 'TimeoutError' ||
    error instanceof errors.HeadersTimeoutError ||
    error instanceof errors.BodyTimeoutError
  );
}

export function wasNeverSent(error: unknown): boolean {
  return NEVER_SENT.has((error as NodeJS.ErrnoException).code ?? '');
}
