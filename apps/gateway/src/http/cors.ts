import type { FastifyCorsOptions, FastifyCorsOptionsDelegateCallback } from '@fastify/cors';
import type { Origins } from './origins.js';

const EXPOSED_HEADERS = [
  ...['etag', 'location', 'retry-after', 'ratelimit', 'ratelimit-policy'],
  ...['idempotency-key', 'idempotency-replayed', 'preference-applied'],
];

/** Pages of which other origins may use the API. */
export function corsOptions({ allowed }: Origins): { delegator: FastifyCorsOptionsDelegateCallback } {
  const options: FastifyCorsOptions = {
    origin: allowed instanceof RegExp ? allowed : allowed.length > 0 && [...allowed],
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
