import createClient, { type Client, type Middleware } from 'openapi-fetch';
import type { paths } from './generated/api.js';
import { repeatable } from './generated/repeatable.js';
import { patient } from './patient.js';

const LIMIT_MS = 30_000;
const KEY = 'Idempotency-Key';

export interface TaskwireOptions {
  /** Where the gateway answers, for example `https://api.example.org`. */
  readonly baseUrl: string;
  /** The access token; asked before each request. Default: none. */
  readonly token?: () => string | undefined | Promise<string | undefined>;
  /** Longest time in ms for one call with its repeats; 0 for no repeats. Default 30,000. */
  readonly limitMs?: number;
}

/** `await api.GET('/v1/tasks/{id}', { params: { path: { id } } })`; answers `{ data, error, response }`. */
export type Taskwire = Client<paths>;

/**
 * A client of the API with the types of its OpenAPI document. Each write that is a command gets an Idempotency-Key of its
 * own, unless it has one, so it can be sent again after a lost answer and is done once. Reads and such writes are repeated
 * when nothing answers, and as Retry-After says; what carries credentials never is. Rejects when nothing answered within
 * the limit.
 */
export function taskwire({ baseUrl, token, limitMs = LIMIT_MS }: TaskwireOptions): Taskwire {
  const client = createClient<paths>({ baseUrl, fetch: patient(limitMs) });
  const prepare: Middleware = {
    async onRequest({ request, schemaPath }) {
      const known = await token?.();
      if (known !== undefined) request.headers.set('Authorization', `Bearer ${known}`);
      if (repeatable.includes(`${request.method} ${schemaPath}`) && !request.headers.has(KEY)) {
        request.headers.set(KEY, crypto.randomUUID());
      }
      return request;
    },
  };
  client.use(prepare);
  return client;
}
