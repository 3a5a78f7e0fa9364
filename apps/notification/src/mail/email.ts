import { context, propagation } from '@opentelemetry/api';
import { contextOf, type ReceivedMessage, uuidv7 } from '@taskwire/messaging';
import type { DisabledReason } from '../webhooks/webhook.js';

/** What an email says, without whom it goes to: names and addresses are asked for when it is sent. */
export type EmailContent =
  | { readonly template: 'welcome' }
  /** What it says and whom it goes to, auth tells. */
  | { readonly template: 'account'; readonly emailId: string }
  | { readonly template: 'password_changed'; readonly at: string }
  | { readonly template: 'webhook_created'; readonly host: string; readonly at: string }
  | {
      readonly template: 'webhook_disabled';
      readonly host: string;
      readonly reason: DisabledReason;
      readonly at: string;
    }
  | { readonly template: 'reminder'; readonly title: string; readonly remindAt: string };

/** An email to send. Its id is its Message-ID, the same in every attempt. */
export interface Email {
  readonly id: string;
  readonly userId: string;
  readonly content: EmailContent;
  /** W3C trace context of what caused it. */
  readonly traceparent: string | null;
}

/** In the trace of the message that caused it; without one, in the active trace. */
export function newEmail(userId: string, content: EmailContent, cause?: ReceivedMessage): Email {
  const carrier: { traceparent?: string } = {};
  propagation.inject(cause ? contextOf(cause) : context.active(), carrier);
  return { id: uuidv7(), userId, content, traceparent: carrier.traceparent ?? null };
}

export function traceIdOf({ traceparent }: Email): string | undefined {
  return traceparent?.split('-')[1];
}

const FIRST_DELAY_MS = 5_000;
const LONGEST_DELAY_MS = 60 * 60 * 1000;
/** With the delays between them, an address has about six hours to become reachable. */
export const MOST_ATTEMPTS = 12;

/** How long to wait after a failed attempt; null when there is no further one. */
export function delayAfter(attempts: number, random: number = Math.random()): number | null {
  if (attempts >= MOST_ATTEMPTS) return null;
  const delay = Math.min(FIRST_DELAY_MS * 3 ** (attempts - 1), LONGEST_DELAY_MS);
  return Math.round(delay * (0.8 + 0.4 * random));
}
