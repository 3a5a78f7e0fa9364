import { Controller, Header, Inject, Req } from '@nestjs/common';
import { type RefreshBody, type Tokens, accountRoutes } from '@taskwire/contracts';
import type { HandlerContext } from '@taskwire/messaging';
import type { OutboxStore } from '@taskwire/outbox';
import { Body, OUTBOX_STORE, ProblemError, Route } from '@taskwire/service';
import type { z } from 'zod';
import { AccountStore } from '../accounts/account-store.js';
import { AuditTrail } from '../audit/audit-trail.js';
import { hashOf } from '../secret-hash.js';
import { judge } from './refresh-token.js';
import { type ClientRequest, RequestClients } from './request-client.js';
import type { SessionClient } from './session.js';
import { SessionStore } from './session-store.js';
import { Sessions } from './sessions.js';

@Controller()
export class RefreshHandler {
  constructor(
    @Inject(SessionStore) private readonly store: SessionStore,
    @Inject(RequestClients) private readonly clients: RequestClients,
    @Inject(AccountStore) private readonly accounts: AccountStore,
    @Inject(AuditTrail) private readonly audit: AuditTrail,
    @Inject(Sessions) private readonly sessions: Sessions,
    @Inject(OUTBOX_STORE) private readonly outbox: OutboxStore,
  ) {}

  @Route(accountRoutes.refresh)
  @Header('cache-control', 'no-store')
  async refresh(
    @Body() { refreshToken }: z.output<typeof RefreshBody>,
    @Req() request: ClientRequest,
  ): Promise<Tokens> {
    const client = this.clients.of(request);
    // Thrown only once the end of a stolen session is committed.
    const tokens = await this.outbox.write((context) => this.exchange(refreshToken, client, context));
    if (tokens === null) throw new ProblemError('invalid_refresh_token');
    return tokens;
  }

  private async exchange(
    secret: string,
    { address, userAgent }: SessionClient,
    context: HandlerContext,
  ): Promise<Tokens | null> {
    const token = await this.store.findToken(context.tx, hashOf(secret));
    if (token === null) return null;

    const at = new Date();
    const { sessionId, accountId, salt } = token;
    const verdict = judge(token, at);
    if (verdict === 'stolen') {
      const client = { address, userAgent };
      const ending = {
        accountId,
        sessionIds: [sessionId],
        actor: null,
        reason: 'token_reused',
        client,
      } as const;
      await this.sessions.end(ending, context, at);
      const who = { actor: null, subject: accountId, session: sessionId, client };
      await this.audit.record(context.tx, { action: 'refresh_token.reused' }, who);
    }
    if (verdict === 'stolen' || verdict === 'void') return null;

    const account = await this.accounts.findIn(context.tx, accountId);
    if (account === null || account.disabledAt !== null) return null;
    if (verdict === 'repeated' && salt !== null) {
      return this.sessions.repeat(account, sessionId, secret, salt, at);
    }
    return this.sessions.rotate(account, sessionId, secret, context, { at, address, userAgent });
  }
}
