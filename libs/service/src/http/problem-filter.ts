import {
  type ArgumentsHost,
  Catch,
  type ExceptionFilter,
  HttpException,
  NotFoundException,
} from '@nestjs/common';
import type { ProblemCode } from '@taskwire/contracts';
import { Rejection } from '@taskwire/messaging';
import { isInfrastructure } from '@taskwire/outbox';
import type { Logger } from '@taskwire/telemetry';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ProblemError } from './problem-error.js';
import type { RouteTable } from './route-table.js';
import { inServerSpan, inTraceOf, isTraced } from './tracing.js';

const BY_STATUS: Readonly<Record<number, ProblemCode>> = {
  401: 'unauthenticated',
  403: 'forbidden',
  404: 'not_found',
  405: 'method_not_allowed',
  413: 'body_too_large',
  415: 'unsupported_media_type',
  429: 'rate_limited',
  431: 'headers_too_large',
  503: 'service_unavailable',
};

/** Answers every error of a request as problem+json; what nobody expected is logged and told as `internal` only. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(
    private readonly log: Logger,
    private readonly routes: RouteTable,
  ) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    this.answer(error, http.getRequest<FastifyRequest>(), http.getResponse<FastifyReply>());
  }

  answer(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
    // The parser and the hooks of other plugins run outside the request's trace.
    if (isTraced(request)) inTraceOf(request, () => this.send(error, request, reply));
    else void inServerSpan(request.method, request.headers, () => this.sendUntraced(error, request, reply));
  }

  private send(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
    const methods = error instanceof NotFoundException ? this.routes.methodsOf(request.url) : [];
    if (request.method === 'OPTIONS' && methods.length > 0) {
      void reply.status(204).header('allow', methods.join(', ')).send();
      return;
    }
    const isUnmatched = request.is404 && error instanceof NotFoundException;
    const problem = isUnmatched ? unmatched(methods) : problemOf(error);
    if (problem.code === 'internal') this.log.error({ err: error }, 'request failed');
    else if (problem.status >= 500) this.log.warn({ err: error, code: problem.code }, 'request failed');
    if (reply.sent) return;
    void reply
      .status(problem.status)
      .headers({ ...problem.headers, 'content-type': 'application/problem+json' })
      .send(problem.body());
  }

  /** No other line of the log would have the trace that the answer names. */
  private sendUntraced(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
    this.log.info({ method: request.method, detail: messageOf(error) }, 'request refused before its route');
    this.send(error, request, reply);
  }
}

function unmatched(methods: readonly string[]): ProblemError {
  if (methods.length === 0) return new ProblemError('not_found', 'there is no such path');
  const allow = methods.join(', ');
  return new ProblemError('method_not_allowed', `this path has ${allow}`, { headers: { allow } });
}

function problemOf(error: unknown): ProblemError {
  if (error instanceof ProblemError) return error;
  if (isInfrastructure(error)) {
    return new ProblemError('service_unavailable', 'a store is not reachable', {
      headers: { 'retry-after': '1' },
      cause: error,
    });
  }
  if (error instanceof Rejection && error.code === 'not_found')
    return new ProblemError('not_found', error.detail);
  const status = statusOf(error) ?? 500;
  const code = BY_STATUS[status] ?? (status < 500 ? 'bad_request' : 'internal');
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
