import { Controller, Inject } from '@nestjs/common';
import { type RefreshBody, accountRoutes } from '@taskwire/contracts';
import type { OutboxStore } from '@taskwire/outbox';
import { Body, OUTBOX_STORE, Route } from '@taskwire/service';
import type { z } from 'zod';
import { hashOf } from './refresh-token.js';
import { SessionStore } from './session-store.js';
import { Sessions } from './sessions.js';

@Controller()
export class LogoutHandler {
  constructor(
    @Inject(SessionStore) private readonly store: SessionStore,
    @Inject(Sessions) private readonly sessions: Sessions,
    @Inject(OUTBOX_STORE) private readonly outbox: OutboxStore,
  ) {}

  /** Answers the same for a token that is unknown: the session is over either way. */
  @Route(accountRoutes.logout)
  async logout(@Body() { refreshToken }: z.output<typeof RefreshBody>): Promise<void> {
    await this.outbox.write(async (context) => {
      const token = await this.store.findToken(context.tx, hashOf(refreshToken));
      if (token !== null) await this.sessions.end(token.accountId, [token.sessionId], context, new Date());
    });
  }
}
