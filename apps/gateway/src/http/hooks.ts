import { liveRoutes } from '@taskwire/contracts';
import { callerOf, ProblemError } from '@taskwire/service';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { bindingOf } from '../commands/bindings.js';
import { idempotencyKey } from '../commands/idempotency-key.js';
import type { Capacity } from '../limits/capacity.js';
import type { Limits } from '../limits/limits.js';
import type { UsageRecorder } from '../usage/usage-recorder.js';
import { factsOf } from './request-facts.js';
import type { RequestLog } from './request-log.js';
import { whenOver } from './when-over.js';

export interface HookParts {
  readonly limits: Limits;
  readonly capacity: Capacity;
  readonly usage: UsageRecorder;
  readonly log: RequestLog;
}

/** Logged for a request whose client went before the answer, as nginx does. */
const CLIENT_GONE = 499;

/** What happens around every request, before and after it is answered. */
export function addHooks(fastify: FastifyInstance, { limits, capacity, usage, log }: HookParts): void {
  fastify.addHook('onRequest', async (request, reply) => {
    const facts = factsOf(request);
    // Fastify's onResponse does not run when the client goes first, as with every stream.
    whenOver(reply.raw, () => {
      facts.isOver = true;
      facts.leave?.();
      note(request, reply);
    });
    try {
      nameWrite(request, reply);
    } finally {
      // Also for who sends keys that are none.
      if (isApi(request)) await limits.checkAddress(request, reply);
    }
  });
  // All of the request is here: before, slow clients would hold the places.
  fastify.addHook('preValidation', async (request) => {
    const facts = factsOf(request);
    facts.clientBody = request.body;
    // Nobody would give its place back.
    if (facts.isOver) throw new ProblemError('bad_request', 'its client has gone');
    facts.leave = capacity.enter(request.method, facts.route);
  });

  function note(request: FastifyRequest, reply: FastifyReply): void {
    const { startedAt, traceId, route, userId = null } = factsOf(request);
    const isAnswered = reply.raw.headersSent;
    const answered = {
      method: request.method,
      route,
      status: isAnswered ? reply.raw.statusCode : CLIENT_GONE,
      durationMs: performance.now() - startedAt,
      userId: callerOf(request)?.userId ?? userId,
    };
    log(answered, { requestId: request.id, traceId });
    if (isAnswered && isMeasured(request)) usage.record({ ...answered, at: new Date().toISOString() });
  }
}

/** The key goes into every answer of a write, so also into those that never reach the command. */
function nameWrite(request: FastifyRequest, reply: FastifyReply): void {
  if (bindingOf(`${request.method} ${factsOf(request).route}`) === undefined) return;
  const key = request.headers['idempotency-key'];
  reply.header('idempotency-key', idempotencyKey(Array.isArray(key) ? key.join(', ') : key));
}

function isApi(request: FastifyRequest): boolean {
  return !request.url.startsWith('/health/');
}

/** How long a stream was open says nothing of how fast it was answered. */
function isMeasured(request: FastifyRequest): boolean {
  return isApi(request) && factsOf(request).route !== liveRoutes.live.path;
}
