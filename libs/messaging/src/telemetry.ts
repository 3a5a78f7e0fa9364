import { type Attributes, metrics, trace } from '@opentelemetry/api';

const SCOPE = '@taskwire/messaging';

/** OpenTelemetry's semantic conventions for messaging, and our own attributes. */
export const SPAN = {
  system: 'messaging.system',
  operationName: 'messaging.operation.name',
  operationType: 'messaging.operation.type',
  destination: 'messaging.destination.name',
  partition: 'messaging.destination.partition.id',
  group: 'messaging.consumer.group.name',
  messageId: 'messaging.message.id',
  conversationId: 'messaging.message.conversation_id',
  bodySize: 'messaging.message.body.size',
  batchCount: 'messaging.batch.message_count',
  errorType: 'error.type',
  messageType: 'taskwire.message.type',
  outcome: 'taskwire.outcome',
} as const;

export const tracer = () => trace.getTracer(SCOPE);

/** What a subscription and a requester count. Made once per bus, after the SDK was set up. */
export function instruments() {
  const meter = metrics.getMeter(SCOPE);
  const counter = (name: string, description: string) => {
    const made = meter.createCounter(name, { description });
    return (attributes: Attributes, value = 1) => made.add(value, attributes);
  };
  const duration = meter.createHistogram('messaging.process.duration', {
    description: 'From delivery to settled, for a batch',
    unit: 's',
  });
  return {
    settled: counter('taskwire.messages.settled', 'Messages settled, by outcome'),
    unhandled: counter('taskwire.messages.unhandled', 'Events of types that the group does not handle'),
    retried: counter('taskwire.messages.retried', 'Quick attempts after the first'),
    duplicates: counter('taskwire.messages.duplicates', 'Messages whose ending was stored already'),
    infrastructure: counter('taskwire.faults.infrastructure', 'Batches given back because of the place'),
    breaker: counter('taskwire.breaker.opened', 'Times that a subscription was paused by its breaker'),
    unsentReplies: counter('taskwire.replies.unsent', 'Replies that could not be sent'),
    lateReplies: counter('taskwire.replies.late', 'Replies that nobody waits for any more'),
    unreadReplies: counter('taskwire.replies.unread', 'Replies that do not fit their contract'),
    duration: (seconds: number, attributes: Attributes) => duration.record(seconds, attributes),
  };
}

export type Instruments = ReturnType<typeof instruments>;
