import {
  type Attributes,
  type Context,
  context,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
  TraceFlags,
} from '@opentelemetry/api';
import type { MessageContract } from '../contract/message.js';
import { type Driver, type OutgoingMessage, SendError } from '../driver.js';
import { SPAN, tracer } from '../telemetry.js';

/** Sends one message. Throws SendError when the broker does not confirm it. */
export async function sendOne(driver: Pick<Driver, 'send'>, message: OutgoingMessage): Promise<void> {
  const [error] = await driver.send([message]);
  if (error) throw error;
}

/** Runs `work` in a span `send <topic>` (PRODUCER). `work` puts the span's context into what it sends. */
export async function inSendSpan<T>(
  system: string,
  contract: MessageContract,
  attributes: Attributes,
  work: (sending: Context) => Promise<T>,
): Promise<T> {
  if (isUnrecorded(trace.getActiveSpan())) return work(context.active());
  const span = tracer().startSpan(`send ${contract.topic}`, {
    kind: SpanKind.PRODUCER,
    attributes: {
      [SPAN.system]: system,
      [SPAN.operationName]: 'send',
      [SPAN.operationType]: 'send',
      [SPAN.destination]: contract.topic,
      [SPAN.messageType]: contract.type,
      ...attributes,
    },
  });
  const sending = trace.setSpan(context.active(), span);
  try {
    return await context.with(sending, () => work(sending));
  } catch (error) {
    span.setStatus({ code: SpanStatusCode.ERROR });
    span.setAttribute(SPAN.errorType, error instanceof SendError ? error.outcome : nameOf(error));
    throw error;
  } finally {
    span.end();
  }
}

/** In a trace of this process that nobody records, a span would cost nearly as much as one that is read. */
function isUnrecorded(parent: Span | undefined): boolean {
  if (!parent || parent.isRecording()) return false;
  const { traceFlags, isRemote = false } = parent.spanContext();
  return !isRemote && (traceFlags & TraceFlags.SAMPLED) === 0;
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : 'unknown';
}
