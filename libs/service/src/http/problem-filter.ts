import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException } from '@nestjs/common';
import type { ProblemCode } from '@taskwire/contracts';
import { InfrastructureError, Rejection } from '@taskwire/messaging';
import type { Logger } from '@taskwire/telemetry';
import type { FastifyReply } from 'fastify';
import { ProblemError } from './problem-error.js';

const BY_STATUS: Readonly<Record<number, ProblemCode>> = {
  400: 'bad_request',
  401: 'unauthenticated',
  403: 'forbidden',
  404: 'not_found',
  405: 'method_not_allowed',
  413: 'body_too_large',
  415: 'unsupported_media_type',
  429: 'rate_limited',
  431: 'headers_too_large',
};

/** Answers every error of a request as problem+json; what nobody expected is logged and told as `internal` only. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(private readonly log: Logger) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const problem = problemOf(error);
    if (problem.status >= 500) this.log.error({ err: error, code: problem.code }, 'request failed');
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    if (reply.sent) return;
    void reply
      .status(problem.status)
      .headers({ ...problem.headers, 'content-type': 'application/problem+json' })
      .send(problem.body());
  }
}

export function problemOf(error: unknown): ProblemError {
  if (error instanceof ProblemError) return error;
  if (error instanceof InfrastructureError) {
    return new ProblemError('service_unavailable', 'a store is not reachable', {
      headers: { 'retry-after': '1' },
      cause: error,
    });
  }
  if (error instanceof Rejection && error.code === 'not_found')
    return new ProblemError('not_found', error.detail);
  const code = BY_STATUS[statusOf(error) ?? 500];
  if (code === undefined) return new ProblemError('internal', undefined, { cause: error });
  return new ProblemError(code, code === 'bad_request' ? messageOf(error) : undefined, { cause: error });
}

/** Nest and Fastify say it in different fields. */
function statusOf(error: unknown): number | undefined {
  if (error instanceof HttpException) return error.getStatus();
  if (typeof error !== 'object' || error === null || !('statusCode' in error)) return undefined;
  return typeof error.statusCode === 'number' ? error.statusCode : undefined;
}

/** What the parser says of a malformed request names positions, not values. */
function messageOf(error: unknown): string | undefined {
  return error instanceof Error ? error.message : undefined;
}
