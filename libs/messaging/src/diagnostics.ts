import { type Channel, channel } from 'node:diagnostics_channel';

/** What subscribers of a channel get: how many messages the process has in hand at that moment. */
export interface DiagnosticsMessage {
  readonly messages: number;
}

/**
 * Moments in a message's life on `node:diagnostics_channel`, for tests and tools. Subscribers run synchronously, so what
 * comes next has not happened yet. Without a subscriber a moment costs one check.
 */
export const DIAGNOSTICS = {
  /** Handlers of a transaction have returned; it is not committed. */
  handled: channel('taskwire.handler.finished'),
  /** The transaction is committed; no reply was sent. */
  committed: channel('taskwire.batch.committed'),
  /** Replies were sent; the broker has no acknowledgement. */
  replied: channel('taskwire.batch.replied'),
  /** Outbox rows were read and are about to be sent. */
  sending: channel('taskwire.relay.sending'),
  /** The broker has confirmed rows; the outbox still holds them. */
  sent: channel('taskwire.relay.sent'),
  /** The broker has a command of ours; its outcome is not known. */
  stored: channel('taskwire.request.stored'),
  /** The outcome of a command is known; who asked for it has not been answered. */
  ended: channel('taskwire.request.ended'),
} as const;

/** Tells the subscribers of a moment, unless nothing is in hand. */
export function announce(moment: Channel, messages: number): void {
  if (moment.hasSubscribers && messages > 0) moment.publish({ messages } satisfies DiagnosticsMessage);
}
