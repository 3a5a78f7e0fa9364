import type { Attempt, DueWork, Fields } from '../due/due-worker.js';
import type { EmailDelivery } from './deliver-email.js';
import type { ClaimedEmail, EmailStore } from './email-store.js';
import { traceIdOf } from './email.js';

const ATTEMPT_MS = 30_000;
const KEPT_DAYS = 30;

/** Emails that are due. */
export class MailWork implements DueWork<ClaimedEmail> {
  readonly name = 'email';

  constructor(
    private readonly emails: EmailStore,
    private readonly delivery: EmailDelivery,
    /** Longest attempt. */
    private readonly attemptMs = ATTEMPT_MS,
  ) {}

  claim(most: number, leaseMs: number): Promise<ClaimedEmail[]> {
    return this.emails.claim(most, leaseMs);
  }

  async attempt(email: ClaimedEmail): Promise<Attempt> {
    return { ...(await this.delivery.attempt(email, this.attemptMs)), fields: {} };
  }

  fieldsOf(email: ClaimedEmail): Fields {
    const { id, attempts, content } = email;
    return { emailId: id, template: content.template, attempts, traceId: traceIdOf(email) };
  }

  forget(): Promise<number> {
    return this.emails.forget(KEPT_DAYS);
  }
}
