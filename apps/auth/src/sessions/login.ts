import { Controller, Header, Inject, Req } from '@nestjs/common';
import { type LoginBody, type SignedIn, accountRoutes } from '@taskwire/contracts';
import type { OutboxStore } from '@taskwire/outbox';
import { Body, OUTBOX_STORE, ProblemError, Route } from '@taskwire/service';
import type { z } from 'zod';
import { AccountStore } from '../accounts/account-store.js';
import { type Account, identityOf, userView } from '../accounts/account.js';
import { PasswordHasher } from '../passwords/password-hasher.js';
import { LoginClients, type LoginRequest } from './login-client.js';
import { LoginLimits } from './login-limits.js';
import { Sessions } from './sessions.js';

@Controller()
export class LoginHandler {
  constructor(
    @Inject(LoginLimits) private readonly limits: LoginLimits,
    @Inject(LoginClients) private readonly clients: LoginClients,
    @Inject(AccountStore) private readonly accounts: AccountStore,
    @Inject(PasswordHasher) private readonly passwords: PasswordHasher,
    @Inject(Sessions) private readonly sessions: Sessions,
    @Inject(OUTBOX_STORE) private readonly outbox: OutboxStore,
  ) {}

  @Route(accountRoutes.login)
  @Header('cache-control', 'no-store')
  async login(
    @Body() { email, password }: z.output<typeof LoginBody>,
    @Req() request: LoginRequest,
  ): Promise<SignedIn> {
    await this.limits.take(this.clients.of(request), email);

    const account = await this.accounts.findByEmail(email);
    const matches = await this.passwords.matches(account?.passwordHash ?? null, password);
    if (account === null || !matches) throw new ProblemError('invalid_credentials');

    const renewed = await this.renewedHash(account, password);
    return this.outbox.write(
      async (context) => {
        if (renewed !== null) await this.accounts.renewHash(context.tx, account, renewed);
        return { user: userView(account), ...(await this.sessions.start(account, context, new Date())) };
      },
      { identity: identityOf(account) },
    );
  }

  /** Null: not needed, or not now, since too many passwords wait to be hashed; then it is done at a later login. */
  private async renewedHash({ passwordHash }: Account, password: string): Promise<string | null> {
    if (!this.passwords.isOutdated(passwordHash)) return null;
    return this.passwords.hash(password).catch((error: unknown) => {
      if (error instanceof ProblemError) return null;
      throw error;
    });
  }
}
