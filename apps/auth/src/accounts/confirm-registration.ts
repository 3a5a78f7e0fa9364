import { Controller, Header, Inject, Req } from '@nestjs/common';
import { type ConfirmRegistrationBody, mailedRoutes, type SignedIn } from '@taskwire/contracts';
import type { OutboxStore } from '@taskwire/outbox';
import { Body, OUTBOX_STORE, ProblemError, Route } from '@taskwire/service';
import type { z } from 'zod';
import { AccountEmailStore } from '../emails/account-email-store.js';
import { AccountEmails } from '../emails/account-emails.js';
import { invalidLink } from '../emails/invalid-link.js';
import { PasswordHasher } from '../passwords/password-hasher.js';
import { LoginLimits } from '../sessions/login-limits.js';
import { type ClientRequest, RequestClients } from '../sessions/request-client.js';
import { identityOf, newAccount } from './account.js';
import { OpenAccount } from './open-account.js';
import { RegistrationStore } from './registration-store.js';

/**
 * Asks for the password too: else who registers with somebody else's address would own an account there as soon as that
 * person follows the link.
 */
@Controller()
export class ConfirmRegistrationHandler {
  constructor(
    @Inject(RequestClients) private readonly clients: RequestClients,
    @Inject(LoginLimits) private readonly limits: LoginLimits,
    @Inject(AccountEmails) private readonly emails: AccountEmails,
    @Inject(AccountEmailStore) private readonly sent: AccountEmailStore,
    @Inject(RegistrationStore) private readonly registrations: RegistrationStore,
    @Inject(PasswordHasher) private readonly passwords: PasswordHasher,
    @Inject(OpenAccount) private readonly accountBeginning: OpenAccount,
    @Inject(OUTBOX_STORE) private readonly outbox: OutboxStore,
  ) {}

  @Route(mailedRoutes.confirmRegistration)
  @Header('cache-control', 'no-store')
  async confirm(
    @Body() { token, password }: z.output<typeof ConfirmRegistrationBody>,
    @Req() request: ClientRequest,
  ): Promise<SignedIn> {
    const client = this.clients.of(request);
    await this.limits.takeFrom(client);
    const email = await this.emails.find(token, ['registration']);
    const pending = email.accountId && (await this.registrations.find(email.accountId));
    if (!pending) throw invalidLink();
    if (!(await this.passwords.matches(pending.passwordHash, password))) {
      await this.sent.fail(email.id);
      throw new ProblemError('invalid_credentials');
    }

    const now = new Date();
    const account = { ...newAccount({ ...pending, roles: ['user'] }, now), id: pending.id };
    return this.outbox.write(
      async (context) => {
        await this.emails.use(context, email, now);
        const signedIn = await this.accountBeginning.open(account, client, context, now);
        // Somebody else confirmed a registration of the same address before.
        if (signedIn === null) throw invalidLink();
        await this.registrations.remove(context.tx, account.email);
        return signedIn;
      },
      { identity: identityOf(account) },
    );
  }
}
