import { randomBytes } from 'node:crypto';
import { Controller, Header, Inject, Req } from '@nestjs/common';
import {
  type PasskeyCode,
  type PasskeyCodeBody,
  type PasskeyOptions,
  passkeyRoutes,
} from '@taskwire/contracts';
import { Body, Caller, Route } from '@taskwire/service';
import type { z } from 'zod';
import { LoginLimits } from '../sessions/login-limits.js';
import { type ClientRequest, RequestClients } from '../sessions/request-client.js';
import { PasskeyChallengeStore } from './passkey-challenge-store.js';
import { Passkeys } from './passkeys.js';
import { wrongCredential } from './wrong-credential.js';

const LIFETIME_MS = 5 * 60_000;

/** A passkey's answer is exchanged for a code, so that whatever needs a fresh code takes passkeys too. */
@Controller()
export class PasskeyCodeHandlers {
  constructor(
    @Inject(RequestClients) private readonly clients: RequestClients,
    @Inject(LoginLimits) private readonly limits: LoginLimits,
    @Inject(Passkeys) private readonly passkeys: Passkeys,
    @Inject(PasskeyChallengeStore) private readonly challenges: PasskeyChallengeStore,
  ) {}

  @Route(passkeyRoutes.codeOptions)
  @Header('cache-control', 'no-store')
  async options(@Caller() { userId, sessionId }: Caller): Promise<PasskeyOptions> {
    await this.limits.takeOf(sessionId);
    return this.passkeys.requestOptions({ accountId: userId, purpose: 'step_up' });
  }

  @Route(passkeyRoutes.code)
  @Header('cache-control', 'no-store')
  async code(
    @Body() { credential }: z.output<typeof PasskeyCodeBody>,
    @Caller() { userId: accountId, sessionId: session }: Caller,
    @Req() request: ClientRequest,
  ): Promise<PasskeyCode> {
    const by = { session, client: this.clients.of(request) };
    if (!(await this.passkeys.answered({ accountId, purpose: 'step_up' }, credential, by)))
      throw wrongCredential();
    const code = randomBytes(16).toString('base64url');
    const expiresAt = new Date(Date.now() + LIFETIME_MS);
    await this.challenges.add(code, { accountId, purpose: 'code' }, expiresAt);
    return { code, expiresAt: expiresAt.toISOString() };
  }
}
