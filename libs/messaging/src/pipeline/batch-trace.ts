import {
  type Attributes,
  type Context,
  context,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import { bindContext, contextFrom } from '../envelope/origin.js';
import type { Delivery, Outcome } from '../store.js';
import { SPAN, tracer } from '../telemetry.js';

/**
 * The spans of one batch: `process <topic>` per message, a child of its sender, bound to the message so that what its
 * handler publishes continues the same trace. Several messages also get a span of the batch, linked to all senders.
 */
export class BatchTrace {
  readonly #spans = new Map<Delivery, Span>();
  readonly #batch: Span | undefined;
  readonly #context: Context;

  constructor(system: string, group: string, deliveries: readonly Delivery[], parked = false) {
    const shared: Attributes = {
      [SPAN.system]: system,
      [SPAN.operationName]: 'process',
      [SPAN.operationType]: 'process',
      [SPAN.group]: group,
      ...(parked && { 'taskwire.parked': true }),
    };
    if (deliveries.length > 1) this.#batch = batchSpan(shared, deliveries);
    this.#context = this.#batch ? trace.setSpan(ROOT_CONTEXT, this.#batch) : ROOT_CONTEXT;
    for (const delivery of deliveries) {
      const sender = contextFrom(delivery.headers);
      const span = tracer().startSpan(
        `process ${delivery.message.topic}`,
        { kind: SpanKind.CONSUMER, attributes: { ...shared, ...attributesOf(delivery) } },
        sender,
      );
      const own = trace.setSpan(sender, span);
      bindContext(delivery.message, own);
      this.#spans.set(delivery, span);
      if (!this.#batch) this.#context = own;
    }
  }

  /** Runs `work` under the span of the batch, or of its only message. */
  within<T>(work: () => Promise<T>): Promise<T> {
    return context.with(this.#context, work);
  }

  /** Ends the span of a message that was settled. */
  settled(delivery: Delivery, outcome: Exclude<Outcome, { kind: 'again' }>): void {
    const span = this.#spans.get(delivery);
    if (!span) return;
    span.setAttribute(SPAN.outcome, outcome.kind === 'ended' ? outcome.ending : outcome.kind);
    if (outcome.kind === 'ended' && outcome.problem) span.setAttribute(SPAN.errorType, outcome.problem.code);
    if (isFault(outcome)) span.setStatus({ code: SpanStatusCode.ERROR });
    span.end();
    this.#spans.delete(delivery);
  }

  /** A quick attempt failed; the span goes on. */
  failed(delivery: Delivery, error: unknown): void {
    this.#spans.get(delivery)?.recordException(error instanceof Error ? error : String(error));
  }

  /** Ends what is open: with `error`, nothing more of the batch was settled. */
  end(error?: unknown): void {
    for (const span of [...this.#spans.values(), ...(this.#batch ? [this.#batch] : [])]) {
      if (error !== undefined) {
        span.setStatus({ code: SpanStatusCode.ERROR });
        span.setAttribute(SPAN.errorType, error instanceof Error ? error.name : 'unknown');
      }
      span.end();
    }
    this.#spans.clear();
  }
}

function isFault(outcome: Outcome): boolean {
  return outcome.kind === 'parked' || (outcome.kind === 'ended' && outcome.ending === 'failed');
}

function batchSpan(shared: Attributes, deliveries: readonly Delivery[]): Span {
  const topics = [...new Set(deliveries.map(({ message }) => message.topic))];
  const links = deliveries.flatMap(({ headers }) => {
    const sender = trace.getSpanContext(contextFrom(headers));
    return sender ? [{ context: sender }] : [];
  });
  const attributes = {
    ...shared,
    [SPAN.destination]: topics.join(','),
    [SPAN.batchCount]: deliveries.length,
  };
  const options = { kind: SpanKind.CONSUMER, attributes, links };
  return tracer().startSpan(`process ${topics.join(',')}`, options, ROOT_CONTEXT);
}

function attributesOf({ message, body, headers }: Delivery): Attributes {
  return {
    [SPAN.destination]: message.topic,
    [SPAN.partition]: String(message.partition),
    [SPAN.messageId]: message.id,
    [SPAN.messageType]: message.type,
    [SPAN.bodySize]: body.length,
    ...(headers.correlationid !== undefined && { [SPAN.conversationId]: headers.correlationid }),
  };
}
