import {
  context,
  propagation,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import { ATTRIBUTE, type OutgoingMessage, type SendError } from '@taskwire/messaging';
import type { OutboxRow } from './rows.js';

export interface Sending {
  readonly row: OutboxRow;
  readonly message: OutgoingMessage;
  readonly span: Span;
}

/** A row as it goes on the wire, with its number, in a `send` span of the trace that wrote it. */
export function sendingOf(row: OutboxRow): Sending {
  const written = propagation.extract(ROOT_CONTEXT, row.headers);
  const span = trace.getTracer('@taskwire/outbox').startSpan(
    `send ${row.topic}`,
    {
      kind: SpanKind.PRODUCER,
      attributes: {
        'messaging.operation.name': 'send',
        'messaging.operation.type': 'send',
        'messaging.destination.name': row.topic,
        'messaging.destination.partition.id': String(row.partition),
        'messaging.message.id': row.headers[ATTRIBUTE.id] ?? '',
      },
    },
    written,
  );
  const headers: Record<string, string> = {
    ...row.headers,
    [ATTRIBUTE.sequence]: row.seq,
    [ATTRIBUTE.firstsent]: row.createdAt.toISOString(),
  };
  if (span.isRecording()) propagation.inject(trace.setSpan(context.active(), span), headers);
  const { topic, partition, key } = row;
  return { row, span, message: { topic, partition, key, headers, body: Buffer.from(row.payload) } };
}

export function endSending({ span }: Sending, error: SendError | undefined): void {
  if (error) span.setStatus({ code: SpanStatusCode.ERROR, message: error.message });
  span.end();
}
