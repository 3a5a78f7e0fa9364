import { Controller, Inject, Req } from '@nestjs/common';
import { mailedRoutes, PasswordChanged, type ResetPasswordBody } from '@taskwire/contracts';
import type { OutboxStore } from '@taskwire/outbox';
import { Body, OUTBOX_STORE, Route } from '@taskwire/service';
import type { z } from 'zod';
import { AccountStore } from '../accounts/account-store.js';
import { identityOf } from '../accounts/account.js';
import { AuditTrail } from '../audit/audit-trail.js';
import { AccountEmailStore } from '../emails/account-email-store.js';
import { AccountEmails } from '../emails/account-emails.js';
import { invalidLink } from '../emails/invalid-link.js';
import { LoginLimits } from '../sessions/login-limits.js';
import { type ClientRequest, RequestClients } from '../sessions/request-client.js';
import { Sessions } from '../sessions/sessions.js';
import { refuseGuessable } from './guessable.js';
import { PasswordHasher } from './password-hasher.js';

@Controller()
export class ResetPasswordHandler {
  constructor(
    @Inject(RequestClients) private readonly clients: RequestClients,
    @Inject(LoginLimits) private readonly limits: LoginLimits,
    @Inject(AccountEmails) private readonly emails: AccountEmails,
    @Inject(AccountEmailStore) private readonly sent: AccountEmailStore,
    @Inject(AccountStore) private readonly accounts: AccountStore,
    @Inject(PasswordHasher) private readonly passwords: PasswordHasher,
    @Inject(AuditTrail) private readonly audit: AuditTrail,
    @Inject(Sessions) private readonly sessions: Sessions,
    @Inject(OUTBOX_STORE) private readonly outbox: OutboxStore,
  ) {}

  /** Whoever is signed in by then may be who made the reset necessary: every session ends. */
  @Route(mailedRoutes.resetPassword)
  async reset(
    @Body() { token, newPassword }: z.output<typeof ResetPasswordBody>,
    @Req() request: ClientRequest,
  ): Promise<void> {
    const from = this.clients.of(request);
    await this.limits.takeFrom(from);
    const email = await this.emails.find(token, ['password_reset']);
    const account = email.accountId && (await this.accounts.find(email.accountId));
    if (!account) throw invalidLink();
    refuseGuessable(newPassword, account, '/newPassword');

    const passwordHash = await this.passwords.hash(newPassword);
    const now = new Date();
    await this.outbox.write(
      async (context) => {
        await this.emails.use(context, email, now);
        const current = await this.accounts.findForChange(context.tx, { id: account.id });
        // Mailed to an address that is no longer the account's.
        if (current?.email !== email.address) throw invalidLink();
        await this.accounts.setPasswordHash(context.tx, account.id, passwordHash);
        await this.sent.remove(context.tx, account.id, ['password_reset']);
        context.publish(PasswordChanged, { userId: account.id, at: now.toISOString() });
        await this.sessions.endOthers(account.id, null, 'password_reset', context, now);
        const client = { address: from.address, userAgent: from.userAgent };
        const who = { actor: account.id, subject: account.id, session: null, client };
        await this.audit.record(context.tx, { action: 'password.reset' }, who);
      },
      { identity: identityOf(account) },
    );
  }
}
