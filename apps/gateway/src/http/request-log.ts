import type { Logger } from '@taskwire/telemetry';
import type { FastifyRequest } from 'fastify';
import { factsOf } from './request-facts.js';

export interface AnsweredRequest {
  readonly method: string;
  readonly route: string;
  readonly status: number;
  readonly durationMs: number;
  readonly userId: string | null;
}

export type RequestLog = (answered: AnsweredRequest, request: FastifyRequest) => void;

/** One line a request: never its path, query, headers or body, which may hold secrets. */
export function requestLog(log: Logger): RequestLog {
  return ({ durationMs, ...answered }, request) => {
    const ms = Math.round(durationMs * 10) / 10;
    log.info({ ...answered, ms, requestId: request.id, traceId: factsOf(request).traceId }, 'request');
  };
}
