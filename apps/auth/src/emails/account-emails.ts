import { Inject, Injectable } from '@nestjs/common';
import { EmailRequested } from '@taskwire/contracts';
import type { HandlerContext } from '@taskwire/messaging';
import type { Account } from '../accounts/account.js';
import {
  type AccountEmail,
  isOpen,
  MOST_IN_AN_HOUR,
  type NewEmail,
  type Notice,
  newAccountEmail,
} from './account-email.js';
import { hashOf } from '../secret-hash.js';
import { AccountEmailStore } from './account-email-store.js';
import { invalidLink } from './invalid-link.js';

const HOUR_MS = 60 * 60 * 1000;

/** What is confirmed or told by mail. No address crosses the bus: notification asks for it when it sends. */
@Injectable()
export class AccountEmails {
  constructor(@Inject(AccountEmailStore) private readonly store: AccountEmailStore) {}

  /**
   * Has an email sent, in the transaction of its cause. One to nobody (`accountId` null) does the same work and is dropped
   * when it is to be sent.
   */
  async request({ tx, publish }: HandlerContext, wanted: NewEmail, now: Date): Promise<void> {
    const lately = await this.store.count(tx, wanted, new Date(now.getTime() - HOUR_MS));
    if (lately >= MOST_IN_AN_HOUR) return;
    const email = newAccountEmail(wanted, now);
    await this.store.add(tx, email);
    publish(EmailRequested, { emailId: email.id, userId: email.accountId, at: now.toISOString() });
  }

  /** Has an email sent that tells the owner of a change, in its transaction. */
  async tell(context: HandlerContext, purpose: Notice, { id, email }: Account, now: Date): Promise<void> {
    await this.request(context, { purpose, address: email, accountId: id }, now);
  }

  /** The email that a token belongs to; throws `invalid_link` unless it can still be used, for this. */
  async find(token: string, purposes: readonly AccountEmail['purpose'][]): Promise<AccountEmail> {
    const email = await this.store.findByToken(hashOf(token));
    if (email === null || !purposes.includes(email.purpose) || !isOpen(email, new Date()))
      throw invalidLink();
    return email;
  }

  /** Uses it up, unless another transaction was faster; answers it with the other one of its change, as both are now. */
  async use({ tx }: HandlerContext, used: AccountEmail, now: Date): Promise<AccountEmail[]> {
    const { id } = used;
    const emails = await this.store.lock(tx, used);
    const mine = emails.find((email) => email.id === id);
    if (mine === undefined || !isOpen(mine, now)) throw invalidLink();
    await this.store.use(tx, id, now);
    return emails.map((email) => (email.id === id ? { ...email, usedAt: now } : email));
  }
}
