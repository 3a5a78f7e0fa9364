import { Inject, Injectable } from '@nestjs/common';
import { type SignedIn, UserRegistered } from '@taskwire/contracts';
import type { HandlerContext } from '@taskwire/messaging';
import { AuditTrail } from '../audit/audit-trail.js';
import type { SessionClient } from '../sessions/session.js';
import { Sessions } from '../sessions/sessions.js';
import { AccountStore } from './account-store.js';
import { type Account, userView } from './account.js';

/** The beginning of an account, and its first session. */
@Injectable()
export class OpenAccount {
  constructor(
    @Inject(AccountStore) private readonly accounts: AccountStore,
    @Inject(AuditTrail) private readonly audit: AuditTrail,
    @Inject(Sessions) private readonly sessions: Sessions,
  ) {}

  /** Null, with nothing stored, when the email belongs to an account already. */
  async open(
    account: Account,
    { address, userAgent }: SessionClient,
    context: HandlerContext,
    now: Date,
  ): Promise<SignedIn | null> {
    if (!(await this.accounts.add(context.tx, account))) return null;
    const { id: userId, timeZone } = account;
    context.publish(UserRegistered, { userId, timeZone, at: now.toISOString() });
    const client = { address, userAgent };
    const who = { actor: userId, subject: userId, session: null, client };
    await this.audit.record(context.tx, { action: 'account.registered' }, who);
    const tokens = await this.sessions.start(account, client, context, now);
    return { user: userView(account), ...tokens };
  }
}
