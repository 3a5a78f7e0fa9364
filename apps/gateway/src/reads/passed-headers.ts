import { EXEMPT_HEADER } from '../limits/limits.js';

const TO_SERVICE = ['if-none-match', 'user-agent', EXEMPT_HEADER];
const TO_CLIENT = ['etag', 'cache-control', 'location', 'retry-after', 'ratelimit', 'ratelimit-policy'];

type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;

/** What of a client's headers a service gets. */
export function headersToService(headers: Headers): Record<string, string> {
  return pick(headers, TO_SERVICE);
}

/** What of a service's headers the client gets; the rest is nobody's business. */
export function headersToClient(headers: Headers): Record<string, string> {
  return pick(headers, TO_CLIENT);
}

function pick(headers: Headers, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = headers[name];
      return typeof value === 'string' ? [[name, value]] : [];
    }),
  );
}
