import type { RequestOptions, RequestResult } from '../bus.types.js';
import type { CommandContract, PayloadOf, ReplyOf } from '../contract/message.js';
import { announce, DIAGNOSTICS } from '../diagnostics.js';
import { type Driver, SendError } from '../driver.js';
import { type CommandAttributes, encodeCommand, type EncodeOptions } from '../envelope/encode.js';
import { decodeReply } from '../envelope/reply.js';
import { uuidv7 } from '../envelope/uuid.js';
import { SYSTEM } from '../envelope.js';
import { SPAN } from '../telemetry.js';
import { inSendSpan, sendOne } from './send.js';
import type { Waiter, Waiters } from './waiters.js';

const DEFAULT_WAIT_MS = 5_000;
const DEFAULT_DEADLINE_MS = 15 * 60_000;
/** Longest wait for the broker's confirmation, also of a request that waits less for its reply. */
const CONFIRM_MS = 5_000;

type Confirmation = 'stored' | 'unknown';

/**
 * One attempt of a command. A reply outranks a missing confirmation; without a reply the answer says whether the broker
 * has the command. Rejects with SendError `not-stored` when it certainly has not.
 */
export async function request<C extends CommandContract>(
  driver: Driver,
  waiters: Waiters,
  contract: C,
  payload: PayloadOf<C>,
  options: RequestOptions,
  encoding: EncodeOptions,
): Promise<RequestResult<ReplyOf<C>>> {
  const waitMs = options.waitMs ?? DEFAULT_WAIT_MS;
  const waiter =
    waitMs > 0 ? waiters.register((headers, body) => decodeReply(contract, headers, body)) : undefined;
  const command = commandOf(options);
  const attributes = {
    [SPAN.messageId]: command.id,
    ...(waiter && { [SPAN.conversationId]: waiter.correlationId }),
  };
  try {
    return await inSendSpan(driver.name, contract, attributes, (sending) => {
      const replyTo = waiter && { address: driver.replyAddress, correlationId: waiter.correlationId };
      const message = encodeCommand(contract, payload, command, sending, replyTo, encoding);
      return outcomeOf(sendOne(driver, message), waiter, waitMs);
    });
  } finally {
    waiter?.forget();
  }
}

function commandOf({ id = uuidv7(), identity = SYSTEM, ...options }: RequestOptions): CommandAttributes {
  const { firstSentAt = new Date(), requestHash } = options;
  const deadline = options.deadline ?? new Date(Date.now() + DEFAULT_DEADLINE_MS);
  return { id, identity, firstSentAt, deadline, ...(requestHash !== undefined && { requestHash }) };
}

async function outcomeOf<Reply>(
  sending: Promise<void>,
  waiter: Waiter<Reply> | undefined,
  waitMs: number,
): Promise<RequestResult<Reply>> {
  let isOpen = true;
  void waiter?.reply.then(() => (isOpen = false));
  const confirmed: Promise<Confirmation> = sending.then(
    () => {
      if (isOpen) announce(DIAGNOSTICS.stored, 1);
      return 'stored';
    },
    (error: unknown) => {
      if (error instanceof SendError && error.outcome === 'unknown') return 'unknown';
      throw error;
    },
  );
  if (waiter) {
    // A send that certainly failed ends the wait; one that was confirmed does not.
    const refused = confirmed.then(() => new Promise<never>(() => undefined));
    const reply = await within(waitMs, Promise.race([waiter.reply, refused]));
    if (reply) return reply;
  }
  const late: Promise<RequestResult<Reply> | Confirmation> =
    waiter?.reply.then(async (reply) => reply ?? (await confirmed)) ?? confirmed;
  const last = await within(CONFIRM_MS, Promise.race([late, confirmed]));
  if (typeof last === 'object') return last;
  return { status: last === 'stored' ? 'pending' : 'unknown' };
}

async function within<T>(limitMs: number, work: Promise<T>): Promise<T | undefined> {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const timer = setTimeout(resolve, limitMs, undefined);
  try {
    return await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
  }
}
