import type { Revocations } from '@taskwire/contracts';
import type { Transaction } from '@taskwire/messaging';
import { unwrap } from '@taskwire/outbox';
import type { Prisma, PrismaClient } from '../generated/prisma/client.js';
import type { PresentedToken, StoredRefreshToken } from './refresh-token.js';

export interface Session {
  readonly id: string;
  readonly accountId: string;
  readonly startedAt: Date;
}

type Client = Prisma.TransactionClient;

export class SessionStore {
  constructor(private readonly db: PrismaClient) {}

  async start(tx: Transaction, session: Session, { hash, expiresAt }: StoredRefreshToken): Promise<void> {
    const tokens = { create: { hash, expiresAt } };
    await unwrap<Client>(tx).session.create({ data: { ...session, tokens }, select: { id: true } });
  }

  /** The token with this hash and its session, both locked until the transaction ends. */
  async findToken(
    tx: Transaction,
    hash: Uint8Array<ArrayBuffer>,
  ): Promise<(PresentedToken & { accountId: string }) | null> {
    const [token] = await unwrap<Client>(tx).$queryRaw<(PresentedToken & { accountId: string })[]>`
      SELECT session.id AS "sessionId", session.account_id AS "accountId", session.ended_at AS "sessionEndedAt",
        token.expires_at AS "expiresAt", token.used_at AS "usedAt"
      FROM refresh_tokens token JOIN sessions session ON session.id = token.session_id
      WHERE token.hash = ${hash}
      FOR UPDATE`;
    return token ?? null;
  }

  async rotate(
    tx: Transaction,
    sessionId: string,
    used: Uint8Array<ArrayBuffer>,
    { hash, expiresAt }: StoredRefreshToken,
    now: Date,
  ): Promise<void> {
    const tokens = unwrap<Client>(tx).refreshToken;
    await tokens.update({ where: { hash: used }, data: { usedAt: now }, select: { hash: true } });
    await tokens.create({ data: { hash, sessionId, expiresAt }, select: { hash: true } });
  }

  /** False when it had ended before. */
  async end(tx: Transaction, sessionId: string, now: Date): Promise<boolean> {
    const { count } = await unwrap<Client>(tx).session.updateMany({
      where: { id: sessionId, endedAt: null },
      data: { endedAt: now },
    });
    if (count === 0) return false;
    // Held until the commit, so that positions become visible in their order and no reader misses one.
    await unwrap<Client>(tx).$executeRaw`SELECT pg_advisory_xact_lock('revocations'::regclass::oid::int, 0)`;
    await unwrap<Client>(tx).revocation.create({ data: { sessionId, endedAt: now } });
    return true;
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
