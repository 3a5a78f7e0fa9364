import type { FastifyRequest } from 'fastify';

/** What is known of a request while it is answered; for the log and the usage events. */
export interface RequestFacts {
  readonly startedAt: number;
  userId?: string;
  idempotencyKey?: string;
}

const facts = new WeakMap<FastifyRequest, RequestFacts>();

export function factsOf(request: FastifyRequest): RequestFacts {
  const known = facts.get(request) ?? { startedAt: performance.now() };
  facts.set(request, known);
  return known;
}
