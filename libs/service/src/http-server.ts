import { type DynamicModule, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Logger } from '@taskwire/telemetry';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { boundClose } from './http/bounded-close.js';
import { isDeeperThan } from './http/json-depth.js';
import { answerParserErrors } from './http/parser-error.js';
import { ProblemError } from './http/problem-error.js';
import { ProblemFilter } from './http/problem-filter.js';
import { RouteTable } from './http/route-table.js';
import { boundStreams, MAX_STREAMS, type Patience, PATIENCE } from './http/slow-clients.js';
import { traceRequests } from './http/tracing.js';
import { nestLogger } from './nest-logger.js';

const MAX_BODY_BYTES = 1024 * 1024;
/** Of arrays and objects within each other; no body of ours has more than three. */
const MAX_JSON_DEPTH = 32;
/** Of a shutdown's ten seconds; consumers, relay and stores come after. */
const DRAIN_MS = 3_000;

/** What a server shows its clients, both in PEM. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/** A Nest application on Fastify with what every service has: traces, problems, limits; over TLS with a certificate. */
export async function createHttpApp(
  service: string,
  module: Type | DynamicModule,
  log: Logger,
  certificate?: Certificate,
  patience: Patience = PATIENCE,
): Promise<NestFastifyApplication> {
  const routes = new RouteTable();
  const filter = new ProblemFilter(log, routes);
  const adapter = new FastifyAdapter({
    // No service has Express middleware.
    skipMiddie: true,
    bodyLimit: MAX_BODY_BYTES,
    requestTimeout: patience.requestMs,
    keepAliveTimeout: patience.keepAliveMs,
    connectionTimeout: patience.silenceMs,
    ...(certificate ? overTls(certificate, patience) : { http: serverTimes(patience) }),
    forceCloseConnections: 'idle',
    // What came in time is answered, and told to close its connection.
    return503OnClosing: false,
    // Operation ids are signed keys of some 300 characters.
    routerOptions: { maxParamLength: 1_000 },
    clientErrorHandler: answerParserErrors(log),
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
    const text = String(body);
    // Many clients name the type of a body that they don't send, as with POST /v1/tasks/{id}/complete.
    if (text === '') done(null, undefined);
    else if (isDeeperThan(MAX_JSON_DEPTH, text)) done(tooDeep());
    else void parseJson(request, text, done);
  });
  boundClose(fastify, DRAIN_MS);
  boundStreams(fastify, patience);
  traceRequests(fastify, service);
  routes.watch(fastify);
  app.useGlobalFilters(filter);
  return app;
}

/** HTTP/2, and HTTP/1.1 for who speaks no other. */
function overTls({ cert, key }: Certificate, patience: Patience) {
  const settings = { maxConcurrentStreams: MAX_STREAMS };
  return {
    http2: true,
    http2SessionTimeout: patience.keepAliveMs,
    https: {
      ...{ cert, key, allowHTTP1: true, minVersion: 'TLSv1.2', settings },
      ...serverTimes(patience),
    },
  } as object;
}

/** When Node's server is made: from its request limit follows the one for headers, which must not be the longer one. */
function serverTimes({ requestMs, keepAliveMs, checkEveryMs }: Patience) {
  return {
    requestTimeout: requestMs,
    keepAliveTimeout: keepAliveMs,
    connectionsCheckingInterval: checkEveryMs,
  };
}

function tooDeep(): ProblemError {
  return new ProblemError(
    'bad_request',
    `the body has more than ${MAX_JSON_DEPTH} levels of arrays and objects`,
  );
}
