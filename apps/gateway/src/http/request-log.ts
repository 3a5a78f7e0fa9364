import type { Logger } from '@taskwire/telemetry';

export interface AnsweredRequest {
  readonly method: string;
  readonly route: string;
  readonly status: number;
  readonly durationMs: number;
  readonly userId: string | null;
}

/** By what other lines tell of the same request. */
export interface RequestIds {
  readonly requestId: string | undefined;
  readonly traceId: string | undefined;
}

export type RequestLog = (answered: AnsweredRequest, ids: RequestIds) => void;

/** One line a request: never its path, query, headers or body, which may hold secrets. */
export function requestLog(log: Logger): RequestLog {
  return ({ durationMs, ...answered }, ids) => {
    const ms = Math.round(durationMs * 10) / 10;
    log.info({ ...answered, ms, ...ids }, 'request');
  };
}
