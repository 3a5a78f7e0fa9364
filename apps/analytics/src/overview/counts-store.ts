import type { PrismaClient } from '../generated/prisma/client.js';

export interface DayCounts {
  readonly day: string;
  readonly created: number;
  readonly completed: number;
  readonly reopened: number;
  readonly deleted: number;
}

export interface PlatformDay extends DayCounts {
  readonly registrations: number;
  readonly activeUsers: number;
}

/** Reads what was counted; days without a row are left out. */
export class CountsStore {
  constructor(private readonly db: PrismaClient) {}

  userDays(userId: string, since: string): Promise<DayCounts[]> {
    return this.db.$queryRaw`
      SELECT day::text AS day, created, completed, reopened, deleted
      FROM user_days WHERE user_id = ${userId}::uuid AND day >= ${since}::date ORDER BY day`;
  }

  platformDays(since: string): Promise<PlatformDay[]> {
    return this.db.$queryRaw`
      SELECT day::text AS day, sum(registrations)::int AS registrations, sum(active_users)::int AS "activeUsers",
        sum(created)::int AS created, sum(completed)::int AS completed, sum(reopened)::int AS reopened,
        sum(deleted)::int AS deleted
      FROM day_totals WHERE day >= ${since}::date GROUP BY day ORDER BY day`;
  }

  /** How many users have ever used a feature. */
  async usersByFeature(): Promise<Record<string, number>> {
    const rows = await this.db.featureTotal.groupBy({
      by: 'feature',
      _sum: { users: true },
      orderBy: { feature: 'asc' },
    });
    return Object.fromEntries(rows.map(({ feature, _sum }) => [feature, _sum.users ?? 0]));
  }
}
