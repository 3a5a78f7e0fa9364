import { randomUUID } from 'node:crypto';
import { Controller, Inject, Req } from '@nestjs/common';
import { type ChangeEmailBody, mailedRoutes } from '@taskwire/contracts';
import type { OutboxStore } from '@taskwire/outbox';
import { Body, Caller, OUTBOX_STORE, ProblemError, Route } from '@taskwire/service';
import type { z } from 'zod';
import { AuditTrail } from '../audit/audit-trail.js';
import { AccountEmails } from '../emails/account-emails.js';
import { ConfirmPassword } from '../passwords/confirm-password.js';
import { AccountStore } from './account-store.js';
import { identityOf } from './account.js';
import { type ClientRequest, RequestClients } from '../sessions/request-client.js';

@Controller()
export class ChangeEmailHandler {
  constructor(
    @Inject(RequestClients) private readonly clients: RequestClients,
    @Inject(ConfirmPassword) private readonly password: ConfirmPassword,
    @Inject(AccountStore) private readonly accounts: AccountStore,
    @Inject(AccountEmails) private readonly emails: AccountEmails,
    @Inject(AuditTrail) private readonly audit: AuditTrail,
    @Inject(OUTBOX_STORE) private readonly outbox: OutboxStore,
  ) {}

  /** Whether the new address has an account is told to its owner alone. */
  @Route(mailedRoutes.changeEmail)
  async change(
    @Body() { newEmail, ...given }: z.output<typeof ChangeEmailBody>,
    @Caller() { userId, sessionId }: Caller,
    @Req() request: ClientRequest,
  ): Promise<void> {
    const client = this.clients.of(request);
    const account = await this.password.withFactor(
      { accountId: userId, sessionId, client },
      given,
      '/password',
    );
    if (newEmail === account.email) {
      const errors = [{ pointer: '/newEmail', detail: 'is your email already' }];
      throw new ProblemError('validation_failed', undefined, { errors });
    }
    const other = await this.accounts.findByEmail(newEmail);
    const now = new Date();
    const change = { changeId: randomUUID(), newEmail };
    await this.outbox.write(
      async (context) => {
        const from = { purpose: 'email_change_from', address: account.email, accountId: userId } as const;
        await this.emails.request(context, { ...from, ...change }, now);
        const to = other
          ? ({ purpose: 'email_taken', address: newEmail, accountId: other.id } as const)
          : ({ purpose: 'email_change_to', address: newEmail, accountId: userId, ...change } as const);
        await this.emails.request(context, to, now);
        const who = { actor: userId, subject: userId, session: sessionId, client };
        await this.audit.record(context.tx, { action: 'email.change_requested' }, who);
      },
      { identity: { ...identityOf(account), session: sessionId } },
    );
  }
}
