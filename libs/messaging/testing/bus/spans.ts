import { context, propagation, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import {
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
  TracerProvider,
} from '@opentelemetry/sdk-trace';

let exporter: InMemorySpanExporter | undefined;

/** Records the spans of this process from now on. The OpenTelemetry API takes one set-up per process. */
export function recordSpans(): void {
  if (exporter) return;
  exporter = new InMemorySpanExporter();
  const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] });
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  trace.setGlobalTracerProvider(provider);
}

export function spansOf(traceId: string): ReadableSpan[] {
  return allSpans().filter((span) => span.spanContext().traceId === traceId);
}

/** The finished spans above `span`, nearest first. */
export function ancestorsOf(span: ReadableSpan | undefined): ReadableSpan[] {
  const parentId = span?.parentSpanContext?.spanId;
  const parent = allSpans().find((one) => one.spanContext().spanId === parentId);
  return parent ? [parent, ...ancestorsOf(parent)] : [];
}

export function allSpans(): ReadableSpan[] {
  return exporter?.getFinishedSpans() ?? [];
}

/** Runs `work` in a trace of its own, as an HTTP request would be. Answers its id. */
export async function inNewTrace<T>(
  name: string,
  work: () => Promise<T>,
): Promise<{ traceId: string; result: T }> {
  const span = trace.getTracer('test').startSpan(name, { root: true });
  try {
    const result = await context.with(trace.setSpan(context.active(), span), work);
    return { traceId: span.spanContext().traceId, result };
  } finally {
    span.end();
  }
}
