import type { FastifyCorsOptions, FastifyCorsOptionsDelegateCallback } from '@fastify/cors';

const LOCALHOST = /^https?:\/\/(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/;

const EXPOSED_HEADERS = [
  ...['etag', 'location', 'retry-after', 'ratelimit', 'ratelimit-policy'],
  ...['idempotency-key', 'idempotency-replayed', 'preference-applied'],
];

/** Which pages of other origins may use the API: those listed; without a list any on this machine, in production none. */
export function corsOptions(
  origins: readonly string[] | undefined,
  production: boolean,
): { delegator: FastifyCorsOptionsDelegateCallback } {
  const options: FastifyCorsOptions = {
    origin: origins !== undefined ? [...origins] : production ? false : LOCALHOST,
    methods: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'],
    exposedHeaders: EXPOSED_HEADERS,
    maxAge: 600,
  };
  return {
    // An OPTIONS that is no preflight is a request like others: it asks for `Allow`.
    delegator: ({ headers }, done) =>
      done(null, {
        ...options,
        preflight: headers.origin !== undefined && headers['access-control-request-method'] !== undefined,
      }),
  };
}
