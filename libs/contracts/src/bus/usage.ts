import { event } from '@taskwire/messaging';
import { z } from 'zod';
import { Instant, Uuid } from '../values.js';

/** One HTTP request at a gateway, or `weight` of them when sampled. Lossy by design: sent without an outbox. */
export const RequestCompleted = event('gateway.request.completed.v1', {
  topic: 'gateway.usage.v1',
  key: (e) => e.route,
  payload: z.object({
    /** The route's pattern, never the path. */
    route: z.string().max(200),
    method: z.string().max(10),
    status: z.int(),
    durationMs: z.number().nonnegative(),
    weight: z.int().positive(),
    userId: Uuid.nullable(),
    at: Instant,
  }),
});
