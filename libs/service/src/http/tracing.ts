import type { IncomingHttpHeaders } from 'node:http';
import {
  type Context,
  context,
  type Link,
  propagation,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import { ATTR } from '@taskwire/telemetry';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { DEADLINE_HEADER, lateProblem, withDeadline } from './deadline.js';

const TRACER = '@taskwire/service';
/** With the request's span, and inside the platform its deadline. */
const CONTEXT = Symbol('taskwire.context');

type Traced = FastifyRequest & { [CONTEXT]?: Context };

/**
 * A server span for each request but those of probes, named by the route's pattern, continuing the caller's trace. The
 * deadlines of requests from inside are heeded too. The gateway's clients have none to give, nor do they choose the ids of
 * traces, by which logs and the audit trail are searched: their trace is linked.
 */
export function traceRequests(fastify: FastifyInstance, service: string): void {
  const tracer = trace.getTracer(TRACER);
  const isEdge = service === 'gateway';

  fastify.addHook('onRequest', (request: Traced, reply, done) => {
    if (request.url.startsWith('/health/')) {
      done();
      return;
    }
    const { parent, links } = isEdge ? linkedTo(request.headers) : continuing(request.headers);
    const route = patternOf(request);
    const attributes = {
      [ATTR.service]: service,
      [ATTR.method]: request.method,
      ...(route !== undefined && { [ATTR.route]: route }),
    };
    const name = route === undefined ? request.method : `${request.method} ${route}`;
    const span = tracer.startSpan(name, { kind: SpanKind.SERVER, attributes, links }, parent);
    const traced = trace.setSpan(parent, span);
    const deadline = isEdge ? undefined : request.headers[DEADLINE_HEADER];
    request[CONTEXT] = withDeadline(traced, deadline, reply.raw);
    context.with(request[CONTEXT], done);
  });

  // Reading the body leaves the async context, so it is entered again.
  fastify.addHook('preValidation', (request, _reply, done) => {
    inTraceOf(request, () => done(lateProblem()));
  });

  fastify.addHook('onResponse', (request: Traced, reply, done) => {
    const span = request[CONTEXT] && trace.getSpan(request[CONTEXT]);
    span?.setAttribute(ATTR.status, reply.statusCode);
    if (reply.statusCode >= 500) span?.setStatus({ code: SpanStatusCode.ERROR });
    span?.end();
    done();
  });
}

/** Runs what belongs to a request but is not called from within it. */
export function inTraceOf(request: Traced, work: () => void): void {
  const traced = request[CONTEXT];
  if (traced) context.with(traced, work);
  else work();
}

/** Whether the hooks have seen a request; those with paths that can't be decoded never get there. */
export function isTraced(request: Traced): boolean {
  return request[CONTEXT] !== undefined;
}

/** Runs what serves something else than a request to a route in a trace of its own, linked to the caller's. */
export async function inServerSpan(
  name: string,
  headers: IncomingHttpHeaders,
  work: () => Promise<void> | void,
): Promise<void> {
  const { parent, links } = linkedTo(headers);
  const span = trace.getTracer(TRACER).startSpan(name, { kind: SpanKind.SERVER, links }, parent);
  try {
    await context.with(trace.setSpan(parent, span), work);
  } finally {
    span.end();
  }
}

function continuing(headers: IncomingHttpHeaders): { parent: Context; links: Link[] } {
  return { parent: propagation.extract(context.active(), headers), links: [] };
}

function linkedTo(headers: IncomingHttpHeaders): { parent: Context; links: Link[] } {
  const caller = trace.getSpanContext(propagation.extract(ROOT_CONTEXT, headers));
  return { parent: trace.deleteSpan(context.active()), links: caller ? [{ context: caller }] : [] };
}

/** `/v1/tasks/:id` as `/v1/tasks/{id}`; undefined where no route matched. */
function patternOf(request: FastifyRequest): string | undefined {
  return request.routeOptions.url?.replaceAll(/:(\w+)/g, '{$1}');
}
