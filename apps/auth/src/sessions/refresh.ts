import { Controller, Header, Inject } from '@nestjs/common';
import { type RefreshBody, type Tokens, accountRoutes } from '@taskwire/contracts';
import type { HandlerContext } from '@taskwire/messaging';
import type { OutboxStore } from '@taskwire/outbox';
import { Body, OUTBOX_STORE, ProblemError, Route } from '@taskwire/service';
import type { z } from 'zod';
import { AccountStore } from '../accounts/account-store.js';
import { hashOf, judge } from './refresh-token.js';
import { SessionStore } from './session-store.js';
import { Sessions } from './sessions.js';

@Controller()
export class RefreshHandler {
  constructor(
    @Inject(SessionStore) private readonly store: SessionStore,
    @Inject(AccountStore) private readonly accounts: AccountStore,
    @Inject(Sessions) private readonly sessions: Sessions,
    @Inject(OUTBOX_STORE) private readonly outbox: OutboxStore,
  ) {}

  @Route(accountRoutes.refresh)
  @Header('cache-control', 'no-store')
  async refresh(@Body() { refreshToken }: z.output<typeof RefreshBody>): Promise<Tokens> {
    // Thrown only once the end of a stolen session is committed.
    const tokens = await this.outbox.write((context) => this.exchange(refreshToken, context));
    if (tokens === null) throw new ProblemError('invalid_refresh_token');
    return tokens;
  }

  private async exchange(secret: string, context: HandlerContext): Promise<Tokens | null> {
    const now = new Date();
    const token = await this.store.findToken(context.tx, hashOf(secret));
    if (token === null) return null;

    const verdict = judge(token, now);
    if (verdict === 'stolen') await this.sessions.end(token, context, now);
    if (verdict !== 'valid') return null;

    const account = await this.accounts.findIn(context.tx, token.accountId);
    return account && this.sessions.rotate(account, token.sessionId, secret, context, now);
  }
}
