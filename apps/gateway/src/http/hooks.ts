import { liveRoutes } from '@taskwire/contracts';
import { callerOf } from '@taskwire/service';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { bindingOf } from '../commands/bindings.js';
import { idempotencyKey } from '../commands/idempotency-key.js';
import type { Limits } from '../limits/limits.js';
import type { UsageRecorder } from '../usage/usage-recorder.js';
import { factsOf } from './request-facts.js';
import type { RequestLog } from './request-log.js';

export interface HookParts {
  readonly limits: Limits;
  readonly usage: UsageRecorder;
  readonly log: RequestLog;
}

const UNMATCHED = '(unmatched)';

/** What happens around every request, before and after it is answered. */
export function addHooks(fastify: FastifyInstance, { limits, usage, log }: HookParts): void {
  fastify.addHook('onRequest', async (request, reply) => {
    factsOf(request);
    try {
      nameWrite(request, reply);
    } finally {
      // Also for who sends keys that are none.
      if (isApi(request)) await limits.checkAddress(request, reply);
    }
  });
  fastify.addHook('preValidation', async (request) => {
    factsOf(request).clientBody = request.body;
  });
  fastify.addHook('onResponse', async (request, reply) => {
    const { startedAt, traceId, userId = null } = factsOf(request);
    const answered = {
      method: request.method,
      route: patternOf(request),
      status: reply.statusCode,
      durationMs: performance.now() - startedAt,
      userId: callerOf(request)?.userId ?? userId,
    };
    log(answered, { requestId: request.id, traceId });
    if (isMeasured(request)) usage.record({ ...answered, at: new Date().toISOString() });
  });
}

/** The key goes into every answer of a write, so also into those that never reach the command. */
function nameWrite(request: FastifyRequest, reply: FastifyReply): void {
  if (bindingOf(`${request.method} ${patternOf(request)}`) === undefined) return;
  const key = request.headers['idempotency-key'];
  reply.header('idempotency-key', idempotencyKey(Array.isArray(key) ? key.join(', ') : key));
}

/** The route's pattern as the contracts write it; never the path, which holds ids. */
function patternOf(request: FastifyRequest): string {
  const pattern = request.routeOptions.url;
  return pattern === undefined || pattern === '*' ? UNMATCHED : pattern.replace(/:(\w+)/g, '{$1}');
}

function isApi(request: FastifyRequest): boolean {
  return !request.url.startsWith('/health/');
}

/** How long a stream was open says nothing of how fast it was answered. */
function isMeasured(request: FastifyRequest): boolean {
  return isApi(request) && patternOf(request) !== liveRoutes.live.path;
}
