import { Inject, Injectable } from '@nestjs/common';
import type { HandlerContext } from '@taskwire/messaging';
import { AuditTrail } from '../audit/audit-trail.js';
import { SessionStore } from '../sessions/session-store.js';
import { ApiTokenStore } from './api-token-store.js';

export interface TokensToRevoke {
  readonly accountId: string;
  /** One of them; all unless given. */
  readonly id?: string;
  readonly actor: string | null;
  readonly session: string | null;
}

/** The end of API tokens, in their caller's transaction. */
@Injectable()
export class RevokeApiTokens {
  constructor(
    @Inject(ApiTokenStore) private readonly store: ApiTokenStore,
    @Inject(SessionStore) private readonly sessions: SessionStore,
    @Inject(AuditTrail) private readonly audit: AuditTrail,
  ) {}

  /** Answers how many there were. Access tokens have the API token's id for a session, and are void with it. */
  async revoke({ accountId, id, actor, session }: TokensToRevoke, { tx }: HandlerContext, now: Date) {
    const revoked = await this.store.remove(tx, accountId, id);
    await this.sessions.revoke(tx, revoked, now);
    for (const one of revoked) {
      const who = { actor, subject: accountId, session };
      await this.audit.record(tx, { action: 'api_token.revoked', details: { id: one } }, who);
    }
    return revoked.length;
  }
}
