import { Controller, Inject, Req } from '@nestjs/common';
import { type RefreshBody, accountRoutes } from '@taskwire/contracts';
import type { OutboxStore } from '@taskwire/outbox';
import { Body, OUTBOX_STORE, Route } from '@taskwire/service';
import type { z } from 'zod';
import { hashOf } from '../secret-hash.js';
import { type ClientRequest, RequestClients } from './request-client.js';
import { SessionStore } from './session-store.js';
import { Sessions } from './sessions.js';

@Controller()
export class LogoutHandler {
  constructor(
    @Inject(SessionStore) private readonly store: SessionStore,
    @Inject(RequestClients) private readonly clients: RequestClients,
    @Inject(Sessions) private readonly sessions: Sessions,
    @Inject(OUTBOX_STORE) private readonly outbox: OutboxStore,
  ) {}

  /** Answers the same for a token that is unknown: the session is over either way. */
  @Route(accountRoutes.logout)
  async logout(
    @Body() { refreshToken }: z.output<typeof RefreshBody>,
    @Req() request: ClientRequest,
  ): Promise<void> {
    const client = this.clients.of(request);
    await this.outbox.write(async (context) => {
      const token = await this.store.findToken(context.tx, hashOf(refreshToken));
      if (token === null) return;
      const { accountId, sessionId } = token;
      const ending = {
        accountId,
        sessionIds: [sessionId],
        actor: accountId,
        reason: 'logged_out',
        client,
      } as const;
      await this.sessions.end(ending, context, new Date());
    });
  }
}
