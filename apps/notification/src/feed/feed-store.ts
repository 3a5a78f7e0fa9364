import type { Feed, Notification } from '@taskwire/contracts';
import { type Transaction, uuidv7 } from '@taskwire/messaging';
import { unwrap } from '../database.js';
import type { Notification as Row, PrismaClient } from '../generated/prisma/client.js';
import { type FeedEntry, kindOf } from './feed-entry.js';

const MOST_MISSED = 1_000;

export interface FeedPage {
  readonly before?: number | undefined;
  readonly unread?: boolean | undefined;
  readonly limit: number;
}

/** The feeds in PostgreSQL. Numbers of a user grow by one, in the order in which transactions commit. */
export class FeedStore {
  constructor(private readonly db: PrismaClient) {}

  /** Appends in the order given, and answers the notifications in that order. The caller holds the locks of the feeds. */
  async append(tx: Transaction, entries: readonly FeedEntry[]): Promise<readonly Notification[]> {
    if (entries.length === 0) return [];
    const next = await this.takeNumbers(tx, entries);
    const rows = entries.map((entry) => {
      const number = next.get(entry.userId) ?? 0;
      next.set(entry.userId, number + 1);
      const { userId, taskId, title, cause } = entry;
      const createdAt = cause.firstSentAt;
      return { id: uuidv7(), userId, number, kind: kindOf(entry), taskId, title, createdAt, readAt: null };
    });
    await unwrap(tx).$executeRaw`
      INSERT INTO notifications (id, user_id, number, kind, task_id, title, created_at)
      SELECT id, "userId", number, kind, "taskId", title, "createdAt"
      FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS entry(
        id uuid, "userId" uuid, number int, kind text, "taskId" uuid, title text, "createdAt" timestamptz)`;
    return rows.map(view);
  }

  private async takeNumbers(tx: Transaction, entries: readonly FeedEntry[]): Promise<Map<string, number>> {
    const counts = [...Map.groupBy(entries, ({ userId }) => userId)].map(([userId, { length }]) => ({
      userId,
      count: length,
    }));
    const feeds = await unwrap(tx).$queryRaw<{ userId: string; last: number }[]>`
      INSERT INTO feeds (user_id, last)
      SELECT "userId", count FROM jsonb_to_recordset(${JSON.stringify(counts)}::jsonb) AS feed("userId" uuid, count int)
      ORDER BY "userId"
      ON CONFLICT (user_id) DO UPDATE SET last = feeds.last + EXCLUDED.last
      RETURNING user_id AS "userId", last`;
    const last = new Map(feeds.map((feed) => [feed.userId, feed.last]));
    return new Map(counts.map(({ userId, count }) => [userId, (last.get(userId) ?? 0) - count + 1]));
  }

  /** Marks an entry of the user's feed as read; a second time changes nothing. */
  async markRead(tx: Transaction, userId: string, id: string, at: Date): Promise<Notification | null> {
    const [row] = await unwrap(tx).notification.updateManyAndReturn({
      where: { id, userId, readAt: null },
      data: { readAt: at },
    });
    const known = row ?? (await unwrap(tx).notification.findFirst({ where: { id, userId } }));
    return known === null ? null : view(known);
  }

  /** Newest first. */
  async list(userId: string, { before, unread, limit }: FeedPage): Promise<Notification[]> {
    const rows = await this.db.notification.findMany({
      where: {
        userId,
        number: before === undefined ? undefined : { lt: before },
        readAt: unread ? null : undefined,
      },
      orderBy: { number: 'desc' },
      take: limit,
    });
    return rows.map(view);
  }

  countUnread(userId: string): Promise<number> {
    return this.db.notification.count({ where: { userId, readAt: null } });
  }

  /** What follows a number, oldest first. */
  async after(userId: string, number: number): Promise<Feed> {
    // Read before the entries, so that it never counts one that is missing among them.
    const feed = await this.db.feed.findUnique({ where: { userId } });
    const rows = await this.db.notification.findMany({
      where: { userId, number: { gt: number } },
      orderBy: { number: 'asc' },
      take: MOST_MISSED + 1,
    });
    const last = Math.max(feed?.last ?? 0, rows.at(-1)?.number ?? 0);
    return { entries: rows.slice(0, MOST_MISSED).map(view), more: rows.length > MOST_MISSED, last };
  }
}

function view({ userId: _, kind, createdAt, readAt, ...rest }: Row): Notification {
  return {
    ...rest,
    kind: kind as Notification['kind'],
    createdAt: createdAt.toISOString(),
    readAt: readAt?.toISOString() ?? null,
  };
}
