import { Controller, Inject, Req } from '@nestjs/common';
import { type ChangePasswordBody, PasswordChanged, accountRoutes } from '@taskwire/contracts';
import type { OutboxStore } from '@taskwire/outbox';
import { Body, Caller, OUTBOX_STORE, Route } from '@taskwire/service';
import type { z } from 'zod';
import { AccountStore } from '../accounts/account-store.js';
import { identityOf } from '../accounts/account.js';
import { AuditTrail } from '../audit/audit-trail.js';
import { Sessions } from '../sessions/sessions.js';
import { ConfirmPassword, wrongPassword } from './confirm-password.js';
import { refuseGuessable } from './guessable.js';
import { PasswordHasher } from './password-hasher.js';
import { type ClientRequest, RequestClients } from '../sessions/request-client.js';

@Controller()
export class ChangePasswordHandler {
  constructor(
    @Inject(RequestClients) private readonly clients: RequestClients,
    @Inject(ConfirmPassword) private readonly password: ConfirmPassword,
    @Inject(AccountStore) private readonly accounts: AccountStore,
    @Inject(PasswordHasher) private readonly passwords: PasswordHasher,
    @Inject(AuditTrail) private readonly audit: AuditTrail,
    @Inject(Sessions) private readonly sessions: Sessions,
    @Inject(OUTBOX_STORE) private readonly outbox: OutboxStore,
  ) {}

  /** Who knew the old password may be signed in elsewhere: all other sessions end. */
  @Route(accountRoutes.changePassword)
  async change(
    @Body() { currentPassword, newPassword, code }: z.output<typeof ChangePasswordBody>,
    @Caller() { userId, sessionId }: Caller,
    @Req() request: ClientRequest,
  ): Promise<void> {
    const given = { password: currentPassword, code };
    const client = this.clients.of(request);
    const account = await this.password.withFactor(
      { accountId: userId, sessionId, client },
      given,
      '/currentPassword',
    );
    refuseGuessable(newPassword, account, '/newPassword');

    const passwordHash = await this.passwords.hash(newPassword);
    const now = new Date();
    await this.outbox.write(
      async (context) => {
        const current = await this.accounts.findForChange(context.tx, { id: userId });
        // Replaced meanwhile: what was checked no longer is the current one.
        if (current?.passwordHash !== account.passwordHash) throw wrongPassword('/currentPassword');
        await this.accounts.setPasswordHash(context.tx, userId, passwordHash);
        context.publish(PasswordChanged, { userId, at: now.toISOString() });
        await this.sessions.endOthers(userId, sessionId, 'password_changed', context, now);
        const who = { actor: userId, subject: userId, session: sessionId, client };
        await this.audit.record(context.tx, { action: 'password.changed' }, who);
      },
      { identity: { ...identityOf(account), session: sessionId } },
    );
  }
}
