import { Controller, Header, Inject, Req } from '@nestjs/common';
import { type SecondFactorLoginBody, secondFactorRoutes, type SignedIn } from '@taskwire/contracts';
import type { OutboxStore } from '@taskwire/outbox';
import { Body, OUTBOX_STORE, Route } from '@taskwire/service';
import type { z } from 'zod';
import { LoginLimits } from '../sessions/login-limits.js';
import { type ClientRequest, RequestClients } from '../sessions/request-client.js';
import { Challenges } from './challenges.js';
import { CompleteLogin, invalidSecondFactor } from './complete-login.js';
import { SecondFactors } from './second-factors.js';

@Controller()
export class SecondFactorLoginHandler {
  constructor(
    @Inject(LoginLimits) private readonly limits: LoginLimits,
    @Inject(RequestClients) private readonly clients: RequestClients,
    @Inject(Challenges) private readonly challenges: Challenges,
    @Inject(SecondFactors) private readonly factors: SecondFactors,
    @Inject(CompleteLogin) private readonly login: CompleteLogin,
    @Inject(OUTBOX_STORE) private readonly outbox: OutboxStore,
  ) {}

  @Route(secondFactorRoutes.login)
  @Header('cache-control', 'no-store')
  async answer(
    @Body() { challenge: secret, code }: z.output<typeof SecondFactorLoginBody>,
    @Req() request: ClientRequest,
  ): Promise<SignedIn> {
    const client = this.clients.of(request);
    await this.limits.takeFrom(client);
    const challenge = await this.outbox.write(({ tx }) => this.challenges.attempt(tx, secret, new Date()));
    if (challenge === null) throw invalidSecondFactor();
    const asker = { accountId: challenge.accountId, sessionId: null, client };
    if (!(await this.factors.matches(asker, code))) throw invalidSecondFactor();
    return this.login.complete(challenge, client);
  }
}
