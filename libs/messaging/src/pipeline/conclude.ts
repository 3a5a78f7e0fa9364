import { describe } from '../log.js';
import type { Delivery, Outcome } from '../store.js';
import { SPAN } from '../telemetry.js';
import type { BatchTrace } from './batch-trace.js';
import type { PipelineParts } from './parts.js';
import { answer } from './replies.js';

/** A delivery that is to run again; `error` is undefined where it was only held back. */
export interface Again {
  readonly delivery: Delivery;
  readonly error: unknown;
}

/** Answers, counts and logs what was settled and committed; hands back what is to run again. */
export async function conclude(
  parts: PipelineParts,
  deliveries: readonly Delivery[],
  outcomes: readonly Outcome[],
  trace: BatchTrace,
): Promise<Again[]> {
  const again: Again[] = [];
  const replies: Promise<void>[] = [];
  for (const [index, delivery] of deliveries.entries()) {
    const outcome = outcomes[index];
    if (!outcome) throw new Error(`the store answered ${outcomes.length} of ${deliveries.length} outcomes`);
    if (outcome.kind === 'again') {
      again.push({ delivery, error: outcome.error });
      if (outcome.error !== undefined) failed(parts, delivery, outcome.error, trace);
    } else {
      replies.push(answer(parts.driver, delivery, outcome, parts));
      settled(parts, delivery, outcome, trace);
    }
  }
  await Promise.all(replies);
  return again;
}

function failed(parts: PipelineParts, delivery: Delivery, error: unknown, trace: BatchTrace): void {
  const { id, key } = delivery.message;
  trace.failed(delivery, error);
  parts.breaker.faulted(key ?? id);
  parts.log('warn', 'a handler failed', { ...about(parts, delivery), ...describe(error) });
}

function settled(
  parts: PipelineParts,
  delivery: Delivery,
  outcome: Exclude<Outcome, { kind: 'again' }>,
  trace: BatchTrace,
): void {
  const { breaker, instruments, onParked, log, subscription } = parts;
  const name = outcome.kind === 'ended' ? outcome.ending : outcome.kind;
  const labels = { [SPAN.group]: subscription.name };
  trace.settled(delivery, outcome);
  instruments.settled({ ...labels, [SPAN.outcome]: name, [SPAN.messageType]: delivery.message.type });
  if (outcome.kind === 'parked') onParked();
  if (outcome.kind === 'ended' && outcome.repeated) instruments.duplicates(labels);
  else if (delivery.fault)
    log('error', 'a message can not be handled', { ...about(parts, delivery), ...delivery.fault });
  else if (name === 'failed') log('error', 'a message failed', about(parts, delivery));
  else if (name === 'done' || name === 'rejected') breaker.succeeded();
}

function about({ subscription }: PipelineParts, { message: { id, type }, traceId }: Delivery) {
  return { subscription: subscription.name, type, id, traceId };
}
