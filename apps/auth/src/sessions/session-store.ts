import type { Revocations } from '@taskwire/contracts';
import type { Transaction } from '@taskwire/messaging';
import { unwrap } from '@taskwire/outbox';
import type { Prisma, PrismaClient } from '../generated/prisma/client.js';
import type { PresentedToken, StoredRefreshToken } from './refresh-token.js';
import type { Failures } from '../second-factors/attempts.js';
import type { Session, Use } from './session.js';

type Client = Prisma.TransactionClient;
type FoundToken = PresentedToken & { readonly accountId: string };

export class SessionStore {
  constructor(private readonly db: PrismaClient) {}

  async start(tx: Transaction, session: Session, { hash, expiresAt }: StoredRefreshToken): Promise<void> {
    const tokens = { create: { hash, expiresAt } };
    await unwrap<Client>(tx).session.create({ data: { ...session, tokens }, select: { id: true } });
  }

  /** Those of an account that haven't ended and were used since; the last used first. */
  listOpen(accountId: string, since: Date): Promise<Session[]> {
    return this.db.session.findMany(openSessions(accountId, since));
  }

  /** As `listOpen`, in a transaction. */
  listOpenIn(tx: Transaction, accountId: string, since: Date): Promise<Session[]> {
    return unwrap<Client>(tx).session.findMany(openSessions(accountId, since));
  }

  /** From where an account was used since, in its last `most` sessions, which may have ended. */
  async addresses(email: string, since: Date, most: number): Promise<string[]> {
    const used = await this.db.session.findMany({
      where: { account: { email }, lastUsedAt: { gt: since } },
      orderBy: { lastUsedAt: 'desc' },
      take: most,
      select: { address: true },
    });
    return used.map(({ address }) => address);
  }

  /** Whether the account has this session, or had it. */
  async has(tx: Transaction, accountId: string, id: string): Promise<boolean> {
    return (await unwrap<Client>(tx).session.count({ where: { id, accountId } })) > 0;
  }

  /** Null where there is no such session. */
  async codeFailures(tx: Transaction, id: string): Promise<Failures | null> {
    const select = { codeFailures: true, codeFailedAt: true };
    const found = await unwrap<Client>(tx).session.findUnique({ where: { id }, select });
    return found && { failures: found.codeFailures, failedAt: found.codeFailedAt };
  }

  async saveCodeFailures(tx: Transaction, id: string, { failures, failedAt }: Failures): Promise<void> {
    const data = { codeFailures: failures, codeFailedAt: failedAt };
    // It may be gone by now.
    await unwrap<Client>(tx).session.updateMany({ where: { id }, data });
  }

  /** The token with this hash and its session, both locked until the transaction ends. */
  async findToken(tx: Transaction, hash: Uint8Array<ArrayBuffer>): Promise<FoundToken | null> {
    const [token] = await unwrap<Client>(tx).$queryRaw<FoundToken[]>`
      SELECT session.id AS "sessionId", session.account_id AS "accountId", session.ended_at AS "sessionEndedAt",
        token.expires_at AS "expiresAt", token.used_at AS "usedAt", token.salt
      FROM refresh_tokens token JOIN sessions session ON session.id = token.session_id
      WHERE token.hash = ${hash}
      FOR UPDATE`;
    return token ?? null;
  }

  /** Puts `next` in the place of a token; only the one that was used last keeps a salt. */
  async rotate(
    tx: Transaction,
    sessionId: string,
    used: { readonly hash: Uint8Array<ArrayBuffer>; readonly salt: Uint8Array<ArrayBuffer> },
    { hash, expiresAt }: StoredRefreshToken,
    { at, ...by }: Use,
  ): Promise<void> {
    const { refreshToken: tokens, session: sessions } = unwrap<Client>(tx);
    await tokens.updateMany({ where: { sessionId, salt: { not: null } }, data: { salt: null } });
    const data = { usedAt: at, salt: used.salt };
    await tokens.update({ where: { hash: used.hash }, data, select: { hash: true } });
    await tokens.create({ data: { hash, sessionId, expiresAt }, select: { hash: true } });
    await sessions.update({
      where: { id: sessionId },
      data: { lastUsedAt: at, ...by },
      select: { id: true },
    });
  }

  /** Answers those of them that hadn't ended before. */
  async end(tx: Transaction, ids: readonly string[], now: Date): Promise<string[]> {
    const ended = await unwrap<Client>(tx).session.updateManyAndReturn({
      where: { id: { in: [...ids] }, endedAt: null },
      data: { endedAt: now },
      select: { id: true },
    });
    const endedIds = ended.map(({ id }) => id);
    await this.revoke(tx, endedIds, now);
    return endedIds;
  }

  /** Makes access tokens void that were issued for these sessions, or API tokens. */
  async revoke(tx: Transaction, ids: readonly string[], now: Date): Promise<void> {
    if (ids.length === 0) return;
    // Held until the commit, so that positions become visible in their order and no reader misses one.
    await unwrap<Client>(tx).$executeRaw`SELECT pg_advisory_xact_lock('revocations'::regclass::oid::int, 0)`;
    const data = ids.map((sessionId) => ({ sessionId, endedAt: now }));
    await unwrap<Client>(tx).revocation.createMany({ data });
  }

  /** Sessions that ended since `since` at a position behind `after`: at most `limit`, those behind them next time. */
  async revocations(after: number, since: Date, limit: number): Promise<Revocations> {
    const newest = await this.db.revocation.aggregate({ _max: { position: true } });
    const last = Number(newest._max.position ?? 0);
    // A position from the future was read from another database: start over.
    const from = after > last ? 0 : after;
    const ended = await this.db.revocation.findMany({
      where: { position: { gt: from, lte: last }, endedAt: { gt: since } },
      orderBy: { position: 'asc' },
      take: limit,
    });
    return {
      position: ended.length < limit ? last : Number(ended.at(-1)?.position),
      sessions: ended.map(({ sessionId, endedAt }) => ({ sessionId, endedAt: endedAt.toISOString() })),
    };
  }

  /** Removes at most `limit` rows of each kind that say nothing any more. Answers how many went. */
  async purge(before: Date, limit: number): Promise<number> {
    const removed = [
      await this.db.refreshToken.deleteMany({ where: { expiresAt: { lt: before } }, limit }),
      await this.db.session.deleteMany({ where: { tokens: { none: {} }, startedAt: { lt: before } }, limit }),
      await this.db.revocation.deleteMany({ where: { endedAt: { lt: before } }, limit }),
    ];
    return removed.reduce((sum, { count }) => sum + count, 0);
  }
}

function openSessions(accountId: string, since: Date) {
  return {
    where: { accountId, endedAt: null, lastUsedAt: { gt: since } },
    orderBy: { lastUsedAt: 'desc' },
    omit: { endedAt: true, codeFailures: true, codeFailedAt: true },
  } as const;
}
