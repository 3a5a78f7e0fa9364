import { WINDOW_S } from '@taskwire/service/redis';
import type { Quota } from './rate-limit.js';

/** `RateLimit` and `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers) for all the limits that a request met. */
export function limitHeaders(quotas: readonly Quota[]): Record<string, string> {
  return {
    'ratelimit-policy': quotas.map(({ name, limit }) => `"${name}";q=${limit};w=${WINDOW_S}`).join(', '),
    ratelimit: quotas
      .map(({ name, remaining, resetSeconds }) => `"${name}";r=${remaining};t=${resetSeconds}`)
      .join(', '),
  };
}
