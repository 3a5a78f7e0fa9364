import type { Logger } from '@taskwire/telemetry';
import type { FastifyRequest } from 'fastify';

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
    log.info({ ...answered, ms: Math.round(durationMs * 10) / 10, requestId: request.id }, 'request');
  };
}
