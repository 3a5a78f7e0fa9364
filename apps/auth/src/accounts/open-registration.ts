import { Inject, Injectable } from '@nestjs/common';
import type { RegisterBody, SignedIn } from '@taskwire/contracts';
import type { OutboxStore } from '@taskwire/outbox';
import { OUTBOX_STORE, ProblemError } from '@taskwire/service';
import type { z } from 'zod';
import { PasswordHasher } from '../passwords/password-hasher.js';
import { LoginLimits } from '../sessions/login-limits.js';
import type { RequestClient } from '../sessions/request-client.js';
import { AccountStore } from './account-store.js';
import { identityOf, newAccount } from './account.js';
import { OpenAccount } from './open-account.js';
import type { Registration } from './registration.js';

/** `REGISTRATION=open`: an account at once, and an honest answer when the address has one already. */
@Injectable()
export class OpenRegistration implements Registration {
  constructor(
    @Inject(LoginLimits) private readonly limits: LoginLimits,
    @Inject(AccountStore) private readonly accounts: AccountStore,
    @Inject(PasswordHasher) private readonly passwords: PasswordHasher,
    @Inject(OpenAccount) private readonly accountBeginning: OpenAccount,
    @Inject(OUTBOX_STORE) private readonly outbox: OutboxStore,
  ) {}

  async register(
    { password, ...person }: z.output<typeof RegisterBody>,
    client: RequestClient,
  ): Promise<SignedIn> {
    await this.limits.takeFrom(client);
    if ((await this.accounts.findByEmail(person.email)) !== null) throw new ProblemError('email_taken');

    const passwordHash = await this.passwords.hash(password);
    const now = new Date();
    const account = newAccount({ ...person, passwordHash, roles: ['user'] }, now);
    return this.outbox.write(
      async (context) => {
        const signedIn = await this.accountBeginning.open(account, client, context, now);
        if (signedIn === null) throw new ProblemError('email_taken');
        return signedIn;
      },
      { identity: identityOf(account) },
    );
  }
}
