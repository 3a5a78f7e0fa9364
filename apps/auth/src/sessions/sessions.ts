import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { ACCESS_TOKEN_SECONDS, SessionEnded, SessionStarted, type Tokens } from '@taskwire/contracts';
import type { HandlerContext } from '@taskwire/messaging';
import type { Account } from '../accounts/account.js';
import { AuditTrail, type EndReason } from '../audit/audit-trail.js';
import { AccessTokens } from './access-tokens.js';
import { hashOf } from '../secret-hash.js';
import { newRefreshToken, newSalt, successorOf } from './refresh-token.js';
import { MOST_SESSIONS, openSince, type SessionClient, type Use } from './session.js';
import { SessionStore } from './session-store.js';

/** `actor`: who ends them, null for the platform. */
export interface SessionsToEnd {
  readonly accountId: string;
  readonly sessionIds: readonly string[];
  readonly actor: string | null;
  readonly reason: EndReason;
  readonly client?: SessionClient;
}

/** The life of a session, always in its caller's transaction. */
@Injectable()
export class Sessions {
  constructor(
    @Inject(SessionStore) private readonly store: SessionStore,
    @Inject(AccessTokens) private readonly accessTokens: AccessTokens,
    @Inject(AuditTrail) private readonly audit: AuditTrail,
  ) {}

  async start(account: Account, client: SessionClient, context: HandlerContext, now: Date): Promise<Tokens> {
    const { tx, publish } = context;
    const open = await this.store.listOpenIn(tx, account.id, openSince(now));
    const surplus = open.slice(MOST_SESSIONS - 1).map(({ id }) => id);
    await this.end(
      { accountId: account.id, sessionIds: surplus, actor: null, reason: 'displaced' },
      context,
      now,
    );

    const session = { id: randomUUID(), accountId: account.id, startedAt: now, lastUsedAt: now, ...client };
    const refreshToken = newRefreshToken(now);
    await this.store.start(tx, session, refreshToken);
    const who = { actor: account.id, subject: account.id, session: session.id, client };
    await this.audit.record(tx, { action: 'session.started' }, who);
    publish(SessionStarted, { userId: account.id, sessionId: session.id, at: now.toISOString() });
    return this.tokens(account, session.id, refreshToken.secret, now);
  }

  /** A new pair of tokens for one that wasn't used before. */
  async rotate(
    account: Account,
    sessionId: string,
    used: string,
    { tx }: HandlerContext,
    use: Use,
  ): Promise<Tokens> {
    const salt = newSalt();
    const refreshToken = successorOf(used, salt, use.at);
    await this.store.rotate(tx, sessionId, { hash: hashOf(used), salt }, refreshToken, use);
    return this.tokens(account, sessionId, refreshToken.secret, use.at);
  }

  /** The pair again, but for its access token, that a used token was exchanged for. */
  repeat(account: Account, sessionId: string, used: string, salt: Uint8Array, now: Date): Promise<Tokens> {
    return this.tokens(account, sessionId, successorOf(used, salt, now).secret, now);
  }

  /** Answers how many of them hadn't ended before. */
  async end(
    { accountId, sessionIds, actor, reason, client }: SessionsToEnd,
    { tx, publish }: HandlerContext,
    now: Date,
  ): Promise<number> {
    const ended = sessionIds.length === 0 ? [] : await this.store.end(tx, sessionIds, now);
    for (const session of ended) {
      const who = { actor, subject: accountId, session, ...(client && { client }) };
      await this.audit.record(tx, { action: 'session.ended', details: { reason } }, who);
      publish(SessionEnded, { userId: accountId, sessionId: session, at: now.toISOString() });
    }
    return ended.length;
  }

  /** All of an account but one, or all; by the account itself, unless it is said by whom. */
  async endOthers(
    accountId: string,
    kept: string | null,
    reason: EndReason,
    context: HandlerContext,
    now: Date,
    actor = accountId,
  ): Promise<number> {
    const open = await this.store.listOpenIn(context.tx, accountId, openSince(now));
    const sessionIds = open.map(({ id }) => id).filter((id) => id !== kept);
    return this.end({ accountId, sessionIds, actor, reason }, context, now);
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
