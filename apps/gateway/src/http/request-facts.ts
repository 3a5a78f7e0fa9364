import { currentTraceId } from '@taskwire/telemetry';
import type { FastifyRequest } from 'fastify';

/** What has to be kept of a request until it is answered. */
export interface RequestFacts {
  readonly startedAt: number;
  readonly traceId: string | undefined;
  /** The body as the client sent it: validation puts its own in its place. */
  clientBody?: unknown;
  /** Who asks, where a ticket or the handler itself says so, and no guard. */
  userId?: string;
}

const facts = new WeakMap<FastifyRequest, RequestFacts>();

export function factsOf(request: FastifyRequest): RequestFacts {
  const known = facts.get(request) ?? { startedAt: performance.now(), traceId: currentTraceId() };
  facts.set(request, known);
  return known;
}
