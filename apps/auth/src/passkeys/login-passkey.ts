import { Controller, Header, Inject, Req } from '@nestjs/common';
import {
  type PasskeyLoginBody,
  type PasskeyLoginOptionsBody,
  type PasskeyOptions,
  passkeyRoutes,
  type SignedIn,
} from '@taskwire/contracts';
import type { OutboxStore } from '@taskwire/outbox';
import { Body, OUTBOX_STORE, Route } from '@taskwire/service';
import type { z } from 'zod';
import { Challenges } from '../second-factors/challenges.js';
import { CompleteLogin, invalidSecondFactor } from '../second-factors/complete-login.js';
import { LoginLimits } from '../sessions/login-limits.js';
import { type ClientRequest, RequestClients } from '../sessions/request-client.js';
import { Passkeys } from './passkeys.js';

@Controller()
export class PasskeyLoginHandlers {
  constructor(
    @Inject(LoginLimits) private readonly limits: LoginLimits,
    @Inject(RequestClients) private readonly clients: RequestClients,
    @Inject(Challenges) private readonly challenges: Challenges,
    @Inject(CompleteLogin) private readonly login: CompleteLogin,
    @Inject(Passkeys) private readonly passkeys: Passkeys,
    @Inject(OUTBOX_STORE) private readonly outbox: OutboxStore,
  ) {}

  /** Counts as one of the attempts that the login's challenge has; its answer then doesn't. */
  @Route(passkeyRoutes.loginOptions)
  @Header('cache-control', 'no-store')
  async options(
    @Body() { challenge: secret }: z.output<typeof PasskeyLoginOptionsBody>,
    @Req() request: ClientRequest,
  ): Promise<PasskeyOptions> {
    this.passkeys.demandParty();
    await this.limits.takeFrom(this.clients.of(request));
    const challenge = await this.outbox.write(({ tx }) => this.challenges.attempt(tx, secret, new Date()));
    if (challenge === null) throw invalidSecondFactor();
    return this.passkeys.requestOptions({ accountId: challenge.accountId, purpose: 'login' });
  }

  @Route(passkeyRoutes.login)
  @Header('cache-control', 'no-store')
  async answer(
    @Body() { challenge: secret, credential }: z.output<typeof PasskeyLoginBody>,
    @Req() request: ClientRequest,
  ): Promise<SignedIn> {
    this.passkeys.demandParty();
    const client = this.clients.of(request);
    await this.limits.takeFrom(client);
    const challenge = await this.challenges.find(secret, new Date());
    if (challenge === null) throw invalidSecondFactor();
    const purposed = { accountId: challenge.accountId, purpose: 'login' } as const;
    if (!(await this.passkeys.answered(purposed, credential, { session: null, client })))
      throw invalidSecondFactor();
    return this.login.complete(challenge, client);
  }
}
