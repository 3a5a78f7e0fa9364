import { Controller, Inject, Req } from '@nestjs/common';
import { type ConfirmEmailBody, type EmailConfirmed, mailedRoutes } from '@taskwire/contracts';
import type { HandlerContext } from '@taskwire/messaging';
import type { OutboxStore } from '@taskwire/outbox';
import { Body, OUTBOX_STORE, ProblemError, Route } from '@taskwire/service';
import type { z } from 'zod';
import { AuditTrail } from '../audit/audit-trail.js';
import type { AccountEmail } from '../emails/account-email.js';
import { AccountEmailStore } from '../emails/account-email-store.js';
import { AccountEmails } from '../emails/account-emails.js';
import { invalidLink } from '../emails/invalid-link.js';
import { LoginLimits } from '../sessions/login-limits.js';
import { type ClientRequest, RequestClients } from '../sessions/request-client.js';
import type { SessionClient } from '../sessions/session.js';
import { publishUpdate } from './account-events.js';
import { AccountStore } from './account-store.js';
import { changeEmail } from './account.js';

/** Who confirms needs no session: the link may be opened on another device. */
@Controller()
export class ConfirmEmailHandler {
  constructor(
    @Inject(RequestClients) private readonly clients: RequestClients,
    @Inject(LoginLimits) private readonly limits: LoginLimits,
    @Inject(AccountEmails) private readonly emails: AccountEmails,
    @Inject(AccountEmailStore) private readonly sent: AccountEmailStore,
    @Inject(AccountStore) private readonly accounts: AccountStore,
    @Inject(AuditTrail) private readonly audit: AuditTrail,
    @Inject(OUTBOX_STORE) private readonly outbox: OutboxStore,
  ) {}

  @Route(mailedRoutes.confirmEmail)
  async confirm(
    @Body() { token }: z.output<typeof ConfirmEmailBody>,
    @Req() request: ClientRequest,
  ): Promise<EmailConfirmed> {
    const client = this.clients.of(request);
    await this.limits.takeFrom(client);
    const email = await this.emails.find(token, ['email_change_from', 'email_change_to']);
    const now = new Date();
    return this.outbox.write(async (context) => {
      const both = await this.emails.use(context, email, now);
      const changed = both.length === 2 && both.every(({ usedAt }) => usedAt !== null);
      if (changed) await this.change(email, client, context);
      return { changed };
    });
  }

  private async change(
    { accountId, newEmail }: AccountEmail,
    client: SessionClient,
    { tx, publish }: HandlerContext,
  ): Promise<void> {
    const before = accountId && (await this.accounts.findForChange(tx, { id: accountId }));
    if (!before || newEmail === null) throw invalidLink();
    const account = changeEmail(before, newEmail);
    if (!(await this.accounts.saveEmail(tx, account))) throw new ProblemError('email_taken');
    // Links that were mailed to the old address no longer are the account's.
    await this.sent.remove(tx, account.id);
    publishUpdate(publish, account);
    const who = { actor: account.id, subject: account.id, session: null, client };
    await this.audit.record(tx, { action: 'email.changed' }, who);
  }
}
