import { decode, type Receiver } from '../envelope/decode.js';
import type { Delivery, GroupSettings, ReceivedMessage, Run } from '../store.js';
import { BatchTrace } from './batch-trace.js';
import type { PipelineParts } from './parts.js';

/** Runs parked messages that are due, in spans that continue their senders' traces; answers how many were settled. */
export function drain(
  { store, driver }: PipelineParts,
  group: GroupSettings,
  run: Run,
  receiver: Receiver,
): Promise<number> {
  const parsed = new Map<ReceivedMessage, Delivery>();
  const traced: Run = async (messages, context) => {
    const deliveries = messages.flatMap((message) => parsed.get(message) ?? []);
    const trace = new BatchTrace(driver.name, group.subscriber, deliveries, true);
    try {
      const results = await trace.within(() => run(messages, context));
      trace.end();
      return results;
    } catch (error) {
      trace.end(error);
      throw error;
    }
  };
  const locks = (message: ReceivedMessage) => run.locks?.(message) ?? [];
  return store.drain(group, Object.assign(traced, { locks }), (headers, body) => {
    const delivery = decode(headers, body, receiver);
    parsed.set(delivery.message, delivery);
    return delivery;
  });
}
