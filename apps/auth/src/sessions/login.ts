import { Controller, Header, Inject, Req } from '@nestjs/common';
import { type LoginBody, type SignedIn, accountRoutes } from '@taskwire/contracts';
import type { OutboxStore } from '@taskwire/outbox';
import { Body, OUTBOX_STORE, ProblemError, Route } from '@taskwire/service';
import type { z } from 'zod';
import { AccountStore } from '../accounts/account-store.js';
import { identityOf, userView } from '../accounts/account.js';
import { PasswordHasher } from '../accounts/password-hasher.js';
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

    return this.outbox.write(
      async (context) => ({
        user: userView(account),
        ...(await this.sessions.start(account, context, new Date())),
      }),
      { identity: identityOf(account) },
    );
  }
}
