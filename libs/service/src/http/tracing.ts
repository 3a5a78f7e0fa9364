import type { IncomingHttpHeaders } from 'node:http';
import { context, propagation, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { ATTR } from '@taskwire/telemetry';
import type { FastifyInstance, FastifyRequest } from 'fastify';

const TRACER = '@taskwire/service';
const SPAN = Symbol('taskwire.span');

type Traced = FastifyRequest & { [SPAN]?: Span };

/** A server span for each request but those of probes, named by the route's pattern, continuing the caller's trace. */
export function traceRequests(fastify: FastifyInstance, service: string): void {
  const tracer = trace.getTracer(TRACER);

  fastify.addHook('onRequest', (request: Traced, _reply, done) => {
    if (request.url.startsWith('/health/')) {
      done();
      return;
    }
    const parent = propagation.extract(context.active(), request.headers);
    const route = patternOf(request);
    const attributes = {
      [ATTR.service]: service,
      [ATTR.method]: request.method,
      ...(route !== undefined && { [ATTR.route]: route }),
    };
    const name = route === undefined ? request.method : `${request.method} ${route}`;
    const span = tracer.startSpan(name, { kind: SpanKind.SERVER, attributes }, parent);
    request[SPAN] = span;
    context.with(trace.setSpan(parent, span), done);
  });

  // Reading the body leaves the async context, so it is entered again.
  fastify.addHook('preValidation', (request, _reply, done) => inTraceOf(request, done));

  fastify.addHook('onResponse', (request: Traced, reply, done) => {
    const span = request[SPAN];
    span?.setAttribute(ATTR.status, reply.statusCode);
    if (reply.statusCode >= 500) span?.setStatus({ code: SpanStatusCode.ERROR });
    span?.end();
    done();
  });
}

/** Runs what belongs to a request but is not called from within it. */
export function inTraceOf(request: Traced, work: () => void): void {
  const span = request[SPAN];
  if (span) context.with(trace.setSpan(context.active(), span), work);
  else work();
}

/** Whether the hooks have seen a request; those with paths that can't be decoded never get there. */
export function isTraced(request: Traced): boolean {
  return request[SPAN] !== undefined;
}

/** Runs what serves something else than a request to a route in a span of its own, which continues the caller's trace. */
export async function inServerSpan(
  name: string,
  headers: IncomingHttpHeaders,
  work: () => Promise<void> | void,
): Promise<void> {
  const parent = propagation.extract(context.active(), headers);
  const span = trace.getTracer(TRACER).startSpan(name, { kind: SpanKind.SERVER }, parent);
  try {
    await context.with(trace.setSpan(parent, span), work);
  } finally {
    span.end();
  }
}

/** `/v1/tasks/:id` as `/v1/tasks/{id}`; undefined where no route matched. */
function patternOf(request: FastifyRequest): string | undefined {
  return request.routeOptions.url?.replaceAll(/:(\w+)/g, '{$1}');
}
