import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { RegisterBody } from '@taskwire/contracts';
import type { OutboxStore } from '@taskwire/outbox';
import { OUTBOX_STORE } from '@taskwire/service';
import type { z } from 'zod';
import { AccountEmails } from '../emails/account-emails.js';
import { PasswordHasher } from '../passwords/password-hasher.js';
import { LoginLimits } from '../sessions/login-limits.js';
import type { RequestClient } from '../sessions/request-client.js';
import { AccountStore } from './account-store.js';
import type { Registration } from './registration.js';
import { RegistrationStore } from './registration-store.js';

/**
 * `REGISTRATION=verified`: whether or not the address has an account, one password is hashed, one row written and one email
 * sent, so that neither answer nor time tells which it was.
 */
@Injectable()
export class VerifiedRegistration implements Registration {
  constructor(
    @Inject(LoginLimits) private readonly limits: LoginLimits,
    @Inject(AccountStore) private readonly accounts: AccountStore,
    @Inject(RegistrationStore) private readonly registrations: RegistrationStore,
    @Inject(PasswordHasher) private readonly passwords: PasswordHasher,
    @Inject(AccountEmails) private readonly emails: AccountEmails,
    @Inject(OUTBOX_STORE) private readonly outbox: OutboxStore,
  ) {}

  async register(
    { password, ...person }: z.output<typeof RegisterBody>,
    client: RequestClient,
  ): Promise<undefined> {
    await this.limits.takeFrom(client);
    const passwordHash = await this.passwords.hash(password);
    const now = new Date();
    await this.outbox.write(async (context) => {
      const { email: address } = person;
      const known = await this.accounts.findByEmail(address);
      const id = randomUUID();
      // No email has a token for it where there is an account.
      await this.registrations.add(context.tx, { id, ...person, passwordHash }, now);
      const purpose = known === null ? 'registration' : 'registered';
      await this.emails.request(context, { purpose, address, accountId: known?.id ?? id }, now);
    });
  }
}
