import { type DynamicModule, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { currentTraceId, type Logger } from '@taskwire/telemetry';
import { PROBLEMS, type ProblemCode } from '@taskwire/contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Socket } from 'node:net';
import { boundClose } from './http/bounded-close.js';
import { ProblemFilter } from './http/problem-filter.js';
import { RouteTable } from './http/route-table.js';
import { traceRequests } from './http/tracing.js';
import { nestLogger } from './nest-logger.js';

const MAX_BODY_BYTES = 1024 * 1024;
/** From the first byte of a request to its last. */
const REQUEST_LIMIT_MS = 30_000;
const KEEP_ALIVE_MS = 65_000;
/** Of a shutdown's ten seconds; consumers, relay and stores come after. */
const DRAIN_MS = 3_000;

/** A Nest application on Fastify with what every service has: traces, problems, limits. */
export async function createHttpApp(
  service: string,
  module: Type | DynamicModule,
  log: Logger,
): Promise<NestFastifyApplication> {
  const routes = new RouteTable();
  const filter = new ProblemFilter(log, routes);
  const adapter = new FastifyAdapter({
    bodyLimit: MAX_BODY_BYTES,
    requestTimeout: REQUEST_LIMIT_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    forceCloseConnections: 'idle',
    // What came in time is answered, and told to close its connection.
    return503OnClosing: false,
    // Operation ids are signed keys of some 300 characters.
    routerOptions: { maxParamLength: 1_000 },
    clientErrorHandler: answerParserError,
    // Paths that can't be decoded: they never reach a route, nor Nest.
    frameworkErrors: (error: Error, request: FastifyRequest, reply: FastifyReply) =>
      filter.answer(error, request, reply),
  });
  const app = await NestFactory.create<NestFastifyApplication>(module, adapter, {
    logger: nestLogger(log),
    abortOnError: false,
    // Fastify's own parser takes JSON; Nest would add forms, which no route expects.
    bodyParser: false,
  });
  const fastify = app.getHttpAdapter().getInstance();
  fastify.removeContentTypeParser(['text/plain', 'application/json']);
  const parseJson = fastify.getDefaultJsonParser('error', 'error');
  fastify.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    // Many clients name the type of a body that they don't send, as with POST /v1/tasks/{id}/complete.
    if (body === '') done(null, undefined);
    else void parseJson(request, String(body), done);
  });
  boundClose(fastify, DRAIN_MS);
  traceRequests(fastify, service);
  routes.watch(fastify);
  app.useGlobalFilters(filter);
  return app;
}

/** What Node's HTTP parser refuses never becomes a request, so it is answered on the bare socket. */
function answerParserError(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const code: ProblemCode = error.code === 'HPE_HEADER_OVERFLOW' ? 'headers_too_large' : 'bad_request';
  const { status, title } = PROBLEMS[code];
  const body = JSON.stringify({
    type: `/docs/errors/${code}`,
    title,
    status,
    code,
    traceId: currentTraceId() ?? '',
  });
  socket.end(
    `HTTP/1.1 ${status} ${status === 431 ? 'Request Header Fields Too Large' : 'Bad Request'}\r\n` +
      `content-type: application/problem+json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
}
