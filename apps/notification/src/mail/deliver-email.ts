import { context, propagation, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { AccountLetter, Contact } from '@taskwire/contracts';
import type { ClaimedEmail, EmailEnding, EmailStore } from './email-store.js';
import { delayAfter, MOST_ATTEMPTS } from './email.js';
import { type Letter, write, writeForAccount } from './letter.js';
import { type Mailer, RefusedError } from './mailer.js';

const tracer = trace.getTracer('@taskwire/notification');

/** Asks auth; null when the account is gone. */
export type FindContact = (userId: string) => Promise<Contact | null>;

/** Asks auth what an email of its own says; null when it is not to be sent any more. */
export type FindLetter = (emailId: string) => Promise<AccountLetter | null>;

/** What auth is asked when an email is sent. */
export interface AskAuth {
  readonly findContact: FindContact;
  readonly findLetter: FindLetter;
}

export interface Sender {
  /** The address of the platform, as `MAIL_FROM` has it. */
  readonly from: string;
  /** Where the pages are that links in emails open. */
  readonly accountUrl: string;
}

export interface Attempt {
  readonly outcome: EmailEnding | 'retry';
  /** Why it failed, as a code: what a mail server says may hold an address, so it stays in the row. */
  readonly fault?: string;
}

/** One attempt to deliver an email, and the settling of it. Addresses live in memory only. */
export class EmailDelivery {
  constructor(
    private readonly emails: EmailStore,
    private readonly auth: AskAuth,
    private readonly mailer: Mailer,
    private readonly sender: Sender,
  ) {}

  /** In the trace of what caused the email. Rejects only when the attempt could not be settled. */
  attempt(email: ClaimedEmail, timeoutMs: number): Promise<Attempt> {
    const cause = propagation.extract(ROOT_CONTEXT, { traceparent: email.traceparent ?? undefined });
    return context.with(cause, () =>
      tracer.startActiveSpan('deliver email', { kind: SpanKind.CLIENT }, async (span) => {
        try {
          const attempt = await this.tryOnce(email, timeoutMs);
          span.setAttributes({ 'taskwire.email.id': email.id, 'taskwire.email.outcome': attempt.outcome });
          if (attempt.fault !== undefined) {
            span.setStatus({ code: SpanStatusCode.ERROR, message: attempt.fault });
          }
          return attempt;
        } finally {
          span.end();
        }
      }),
    );
  }

  private async tryOnce(email: ClaimedEmail, timeoutMs: number): Promise<Attempt> {
    // Only a process that dies in the middle of every attempt gets here.
    if (email.attempts > MOST_ATTEMPTS) {
      return this.fail(email, new Error('no attempt came to its end'), null);
    }
    let ending: EmailEnding;
    try {
      ending = (await within(timeoutMs, this.send(email))) ? 'sent' : 'dropped';
    } catch (error) {
      return this.fail(email, error, error instanceof RefusedError ? null : delayAfter(email.attempts));
    }
    await this.emails.end(email, ending);
    return { outcome: ending };
  }

  private async send(email: ClaimedEmail): Promise<boolean> {
    const letter = await this.compose(email);
    if (letter === null) return false;
    await this.mailer.deliver(letter);
    return true;
  }

  private async compose(email: ClaimedEmail): Promise<Letter | null> {
    const { from, accountUrl } = this.sender;
    const { content } = email;
    if (content.template === 'account') {
      const told = await this.auth.findLetter(content.emailId);
      return told && writeForAccount(email, told, from, accountUrl);
    }
    const contact = await this.auth.findContact(email.userId);
    return contact && write(email, content, contact, from);
  }

  private async fail(email: ClaimedEmail, error: unknown, retryInMs: number | null): Promise<Attempt> {
    const reason = error instanceof Error ? error.message : String(error);
    if (retryInMs === null) await this.emails.end(email, 'failed', reason);
    else await this.emails.retryIn(email, retryInMs, reason);
    return { outcome: retryInMs === null ? 'failed' : 'retry', fault: codeOf(error) };
  }
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  const { code, responseCode } = (error instanceof RefusedError ? error.cause : error) as {
    code?: unknown;
    responseCode?: unknown;
  };
  const codes = [code, responseCode].filter((part) => typeof part === 'string' || typeof part === 'number');
  return codes.length > 0 ? codes.join(' ') : error.name;
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
