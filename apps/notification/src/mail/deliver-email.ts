import { context, propagation, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { Contact } from '@taskwire/contracts';
import { type ClaimedEmail, type EmailStore } from './email-store.js';
import { delayAfter, MOST_ATTEMPTS } from './email.js';
import { write } from './letter.js';
import { type Mailer, RefusedError } from './mailer.js';

const tracer = trace.getTracer('@taskwire/notification');

/** Asks auth; null when the account is gone. */
export type FindContact = (userId: string) => Promise<Contact | null>;

export type Attempt = 'sent' | 'dropped' | 'failed' | 'retry';

/** One attempt to deliver an email, and the settling of it. Addresses live in memory only. */
export class EmailDelivery {
  constructor(
    private readonly emails: EmailStore,
    private readonly findContact: FindContact,
    private readonly mailer: Mailer,
    private readonly from: string,
  ) {}

  /** In the trace of what caused the email. Rejects only when the attempt could not be settled. */
  attempt(email: ClaimedEmail, timeoutMs: number): Promise<Attempt> {
    const cause = propagation.extract(ROOT_CONTEXT, { traceparent: email.traceparent ?? undefined });
    return context.with(cause, () =>
      tracer.startActiveSpan('deliver email', { kind: SpanKind.CLIENT }, async (span) => {
        try {
          const outcome = await this.tryOnce(email, timeoutMs);
          span.setAttributes({ 'taskwire.email.id': email.id, 'taskwire.email.outcome': outcome });
          if (outcome === 'failed' || outcome === 'retry') span.setStatus({ code: SpanStatusCode.ERROR });
          return outcome;
        } finally {
          span.end();
        }
      }),
    );
  }

  private async tryOnce(email: ClaimedEmail, timeoutMs: number): Promise<Attempt> {
    // Only a process that dies in the middle of every attempt gets here.
    if (email.attempts > MOST_ATTEMPTS) return this.end(email, 'failed', 'no attempt came to its end');
    try {
      const sent = await within(timeoutMs, this.send(email));
      return await this.end(email, sent ? 'sent' : 'dropped', null);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      const delay = error instanceof RefusedError ? null : delayAfter(email.attempts);
      if (delay === null) return this.end(email, 'failed', reason);
      await this.emails.retryIn(email, delay, reason);
      return 'retry';
    }
  }

  private async send(email: ClaimedEmail): Promise<boolean> {
    const contact = await this.findContact(email.userId);
    if (contact === null) return false;
    await this.mailer.deliver(write(email, contact, this.from));
    return true;
  }

  private async end(
    email: ClaimedEmail,
    ending: 'sent' | 'dropped' | 'failed',
    error: string | null,
  ): Promise<Attempt> {
    await this.emails.end(email, ending, error);
    return ending;
  }
}

async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`not delivered within ${ms} ms`)), ms);
  try {
    return await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
  }
}
