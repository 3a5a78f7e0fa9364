import { Controller, Header, Inject, Req } from '@nestjs/common';
import { type LoginBody, type SignedIn, accountRoutes } from '@taskwire/contracts';
import type { OutboxStore } from '@taskwire/outbox';
import { Body, OUTBOX_STORE, ProblemError, Route } from '@taskwire/service';
import type { z } from 'zod';
import { AccountStore } from '../accounts/account-store.js';
import { type Account, identityOf, userView } from '../accounts/account.js';
import { PasswordHasher } from '../passwords/password-hasher.js';
import { Challenges, secondFactorNeeded } from '../second-factors/challenges.js';
import { LoginLimits } from './login-limits.js';
import { type ClientRequest, RequestClients } from './request-client.js';
import type { SessionClient } from './session.js';
import { Sessions } from './sessions.js';

@Controller()
export class LoginHandler {
  constructor(
    @Inject(LoginLimits) private readonly limits: LoginLimits,
    @Inject(RequestClients) private readonly clients: RequestClients,
    @Inject(AccountStore) private readonly accounts: AccountStore,
    @Inject(PasswordHasher) private readonly passwords: PasswordHasher,
    @Inject(Challenges) private readonly challenges: Challenges,
    @Inject(Sessions) private readonly sessions: Sessions,
    @Inject(OUTBOX_STORE) private readonly outbox: OutboxStore,
  ) {}

  @Route(accountRoutes.login)
  @Header('cache-control', 'no-store')
  async login(
    @Body() { email, password }: z.output<typeof LoginBody>,
    @Req() request: ClientRequest,
  ): Promise<SignedIn> {
    const client = this.clients.of(request);
    await this.limits.take(client, email);
    // The second time, what another login or a change of the password has stored meanwhile is there to see.
    const signedIn =
      (await this.signIn(email, password, client)) ?? (await this.signIn(email, password, client));
    if (signedIn === null) throw new ProblemError('invalid_credentials');
    if ('challenge' in signedIn) throw secondFactorNeeded(signedIn.challenge);
    return signedIn;
  }

  /** Null when the password's hash was replaced or the account disabled meanwhile: no session may begin with a password that no longer counts. */
  private async signIn(
    email: string,
    password: string,
    { address, userAgent }: SessionClient,
  ): Promise<SignedIn | { challenge: string } | null> {
    const account = await this.accounts.findByEmail(email);
    const matches = await this.passwords.matches(account?.passwordHash ?? null, password);
    if (account === null || !matches || account.disabledAt !== null)
      throw new ProblemError('invalid_credentials');

    const renewed = await this.renewedHash(account, password);
    return this.outbox.write(
      async (context) => {
        const now = await this.accounts.findForChange(context.tx, { id: account.id });
        if (now?.passwordHash !== account.passwordHash || now.disabledAt !== null) return null;
        if (renewed !== null) await this.accounts.setPasswordHash(context.tx, account.id, renewed);
        const challenge = await this.challenges.challenge(context.tx, now, new Date());
        if (challenge !== null) return { challenge };
        const tokens = await this.sessions.start(now, { address, userAgent }, context, new Date());
        return { user: userView(now), ...tokens };
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
