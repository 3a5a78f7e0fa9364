import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { SessionEnded, SessionStarted, type Tokens } from '@taskwire/contracts';
import type { HandlerContext } from '@taskwire/messaging';
import type { Account } from '../accounts/account.js';
import { ACCESS_TOKEN_SECONDS, AccessTokens } from './access-tokens.js';
import { hashOf, newRefreshToken } from './refresh-token.js';
import { SessionStore } from './session-store.js';

/** The life of a session, always in its caller's transaction. */
@Injectable()
export class Sessions {
  constructor(
    @Inject(SessionStore) private readonly store: SessionStore,
    @Inject(AccessTokens) private readonly accessTokens: AccessTokens,
  ) {}

  async start(account: Account, { tx, publish }: HandlerContext, now: Date): Promise<Tokens> {
    const session = { id: randomUUID(), accountId: account.id, startedAt: now };
    const refreshToken = newRefreshToken(now);
    await this.store.start(tx, session, refreshToken);
    publish(SessionStarted, { userId: account.id, sessionId: session.id, at: now.toISOString() });
    return this.tokens(account, session.id, refreshToken.secret, now);
  }

  /** A new pair of tokens for a used one. */
  async rotate(
    account: Account,
    sessionId: string,
    used: string,
    { tx }: HandlerContext,
    now: Date,
  ): Promise<Tokens> {
    const refreshToken = newRefreshToken(now);
    await this.store.rotate(tx, sessionId, hashOf(used), refreshToken, now);
    return this.tokens(account, sessionId, refreshToken.secret, now);
  }

  async end(
    { sessionId, accountId }: { sessionId: string; accountId: string },
    { tx, publish }: HandlerContext,
    now: Date,
  ): Promise<void> {
    if (!(await this.store.end(tx, sessionId, now))) return;
    publish(SessionEnded, { userId: accountId, sessionId, at: now.toISOString() });
  }

  private async tokens(
    account: Account,
    sessionId: string,
    refreshToken: string,
    now: Date,
  ): Promise<Tokens> {
    const grant = { accountId: account.id, sessionId, roles: account.roles };
    const accessToken = await this.accessTokens.issue(grant, now);
    return { accessToken, refreshToken, expiresIn: ACCESS_TOKEN_SECONDS };
  }
}
