import { Controller, Inject, Req } from '@nestjs/common';
import { type DeleteAccountBody, mailedRoutes, UserDeleted } from '@taskwire/contracts';
import type { OutboxStore } from '@taskwire/outbox';
import { Body, Caller, OUTBOX_STORE, ProblemError, Route } from '@taskwire/service';
import type { z } from 'zod';
import { RevokeApiTokens } from '../api-tokens/revoke-api-tokens.js';
import { AuditTrail } from '../audit/audit-trail.js';
import { AccountEmailStore } from '../emails/account-email-store.js';
import { ConfirmPassword } from '../passwords/confirm-password.js';
import { Sessions } from '../sessions/sessions.js';
import { AccountStore } from './account-store.js';
import { identityOf } from './account.js';
import { RegistrationStore } from './registration-store.js';
import { type ClientRequest, RequestClients } from '../sessions/request-client.js';

/** By then every command that was under way when the account went has run or expired. */
const SECOND_TIME_MS = 2 * 60_000;

@Controller()
export class DeleteAccountHandler {
  constructor(
    @Inject(RequestClients) private readonly clients: RequestClients,
    @Inject(ConfirmPassword) private readonly password: ConfirmPassword,
    @Inject(AccountStore) private readonly accounts: AccountStore,
    @Inject(AccountEmailStore) private readonly emails: AccountEmailStore,
    @Inject(RegistrationStore) private readonly registrations: RegistrationStore,
    @Inject(AuditTrail) private readonly audit: AuditTrail,
    @Inject(Sessions) private readonly sessions: Sessions,
    @Inject(RevokeApiTokens) private readonly apiTokens: RevokeApiTokens,
    @Inject(OUTBOX_STORE) private readonly outbox: OutboxStore,
  ) {}

  @Route(mailedRoutes.deleteAccount)
  async delete(
    @Body() given: z.output<typeof DeleteAccountBody>,
    @Caller() { userId, sessionId }: Caller,
    @Req() request: ClientRequest,
  ): Promise<void> {
    const client = this.clients.of(request);
    const account = await this.password.withFactor(
      { accountId: userId, sessionId, client },
      given,
      '/password',
    );
    const now = new Date();
    await this.outbox.write(
      async (context) => {
        const { tx, publish, schedule } = context;
        const current = await this.accounts.findForChange(tx, { id: userId });
        if (current === null) throw new ProblemError('not_found', 'this account is gone');
        await this.sessions.endOthers(userId, null, 'account_deleted', context, now);
        await this.apiTokens.revoke({ accountId: userId, actor: userId, session: sessionId }, context, now);
        const who = { actor: userId, subject: userId, session: sessionId };
        await this.audit.record(tx, { action: 'account.deleted' }, who);
        await this.emails.remove(tx, userId);
        await this.registrations.remove(tx, current.email);
        await this.accounts.remove(tx, userId);
        const deleted = { userId, at: now.toISOString() };
        publish(UserDeleted, deleted);
        const at = new Date(now.getTime() + SECOND_TIME_MS);
        schedule(UserDeleted, deleted, { id: secondTimeId(userId), at });
      },
      { identity: { ...identityOf(account), session: sessionId } },
    );
    await this.outbox.erase({ subject: userId, except: [secondTimeId(userId)] });
  }
}

const secondTimeId = (userId: string) => `user-deleted:${userId}`;
