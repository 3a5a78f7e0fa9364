import { Controller, Header, Inject, Req } from '@nestjs/common';
import { type SecondFactorLoginBody, secondFactorRoutes, type SignedIn } from '@taskwire/contracts';
import type { OutboxStore } from '@taskwire/outbox';
import { Body, OUTBOX_STORE, ProblemError, Route } from '@taskwire/service';
import type { z } from 'zod';
import { AccountStore } from '../accounts/account-store.js';
import { userView } from '../accounts/account.js';
import { LoginLimits } from '../sessions/login-limits.js';
import { type ClientRequest, RequestClients } from '../sessions/request-client.js';
import type { SessionClient } from '../sessions/session.js';
import { Sessions } from '../sessions/sessions.js';
import type { StoredChallenge } from './challenge-store.js';
import { Challenges } from './challenges.js';
import { SecondFactors } from './second-factors.js';

@Controller()
export class SecondFactorLoginHandler {
  constructor(
    @Inject(LoginLimits) private readonly limits: LoginLimits,
    @Inject(RequestClients) private readonly clients: RequestClients,
    @Inject(AccountStore) private readonly accounts: AccountStore,
    @Inject(Challenges) private readonly challenges: Challenges,
    @Inject(SecondFactors) private readonly factors: SecondFactors,
    @Inject(Sessions) private readonly sessions: Sessions,
    @Inject(OUTBOX_STORE) private readonly outbox: OutboxStore,
  ) {}

  @Route(secondFactorRoutes.login)
  @Header('cache-control', 'no-store')
  async login(
    @Body() { challenge: secret, code }: z.output<typeof SecondFactorLoginBody>,
    @Req() request: ClientRequest,
  ): Promise<SignedIn> {
    const client = this.clients.of(request);
    await this.limits.takeFrom(client);
    const challenge = await this.outbox.write(({ tx }) => this.challenges.attempt(tx, secret, new Date()));
    if (challenge === null || !(await this.factors.matches(challenge.accountId, code))) throw invalid();
    const signedIn = await this.signIn(challenge, client);
    if (signedIn === null) throw invalid();
    return signedIn;
  }

  private signIn(
    challenge: StoredChallenge,
    { address, userAgent }: SessionClient,
  ): Promise<SignedIn | null> {
    const identity = { actor: challenge.accountId, roles: [], session: null };
    return this.outbox.write(
      async (context) => {
        const account = await this.accounts.findForChange(context.tx, { id: challenge.accountId });
        if (account === null || !(await this.challenges.take(context.tx, challenge, account))) return null;
        const tokens = await this.sessions.start(account, { address, userAgent }, context, new Date());
        return { user: userView(account), ...tokens };
      },
      { identity },
    );
  }
}

function invalid(): ProblemError {
  return new ProblemError('invalid_second_factor');
}
