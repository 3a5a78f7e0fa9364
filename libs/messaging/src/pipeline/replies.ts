import type { Driver } from '../driver.js';
import { encodeReply } from '../envelope/reply.js';
import { ATTRIBUTE } from '../envelope.js';
import { describe, type Log } from '../log.js';
import type { Delivery, Outcome } from '../store.js';
import type { Instruments } from '../telemetry.js';

const REPLY_TIMEOUT_MS = 2_000;

/**
 * Answers a command after its ending was committed. Best effort: a requester that gets no answer reads the operation, so
 * a reply that can't be sent is counted and never stops the acknowledgement.
 */
export async function answer(
  driver: Pick<Driver, 'reply'>,
  delivery: Delivery,
  outcome: Outcome,
  { instruments, log }: { instruments: Instruments; log: Log },
): Promise<void> {
  const address = delivery.headers[ATTRIBUTE.replyto];
  const correlationId = delivery.headers[ATTRIBUTE.correlationid];
  if (delivery.message.kind !== 'command' || address === undefined || correlationId === undefined) return;
  if (outcome.kind === 'parked' || outcome.kind === 'again') return;
  try {
    const { headers, body } = encodeReply(delivery.message, outcome);
    await withinTime(driver.reply(address, correlationId, headers, body));
  } catch (error) {
    const { id, type } = delivery.message;
    instruments.unsentReplies({});
    log('warn', 'a reply could not be sent', { id, type, ...describe(error) });
  }
}

async function withinTime(sending: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`not sent within ${REPLY_TIMEOUT_MS} ms`)), REPLY_TIMEOUT_MS);
  });
  try {
    await Promise.race([sending, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
