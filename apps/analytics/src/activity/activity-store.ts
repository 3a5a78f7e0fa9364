import type { Transaction } from '@taskwire/messaging';
import { unwrap } from '../database.js';
import type { Prisma } from '../generated/prisma/client.js';
import type { Activity } from './activity.js';

type Client = Prisma.TransactionClient;
interface UserDay {
  readonly userId: string;
  readonly day: string;
}

/**
 * Counts in PostgreSQL. Rows of a user are written in one order by every batch, so that batches don't deadlock; rows that
 * count all users are split by the partition that the events came by, so that batches don't wait for each other either.
 */
export class ActivityStore {
  async add(tx: Transaction, all: readonly Activity[]): Promise<void> {
    const client = unwrap(tx);
    const activities = await this.withoutErased(client, all);
    if (activities.length === 0) return;
    const json = JSON.stringify(activities);
    const newlyActive = await this.addUserDays(client, json);
    await this.addDayTotals(client, json, newlyActive);
    if (activities.some(({ features }) => features.length > 0)) await this.addFeatures(client, json);
  }

  /** Removes what is known of a user, and counts nothing of it from now on. */
  async erase(tx: Transaction, userId: string, at: Date): Promise<void> {
    const client = unwrap(tx);
    await client.erasedUser.createMany({ data: { userId, at }, skipDuplicates: true });
    await client.userDay.deleteMany({ where: { userId } });
    await client.userFeature.deleteMany({ where: { userId } });
  }

  /** Events of a user may come after the one that says that the account is gone. */
  private async withoutErased(client: Client, activities: readonly Activity[]): Promise<Activity[]> {
    const userIds = [...new Set(activities.map(({ userId }) => userId))];
    const rows = await client.$queryRaw<{ userId: string }[]>`
      SELECT user_id AS "userId" FROM erased_users WHERE user_id = ANY(${userIds}::uuid[])`;
    const erased = new Set(rows.map(({ userId }) => userId));
    return activities.filter(({ userId }) => !erased.has(userId));
  }

  /** Answers the days on which a user was seen for the first time. */
  private async addUserDays(client: Client, activities: string): Promise<UserDay[]> {
    const rows = await client.$queryRaw<(UserDay & { fresh: boolean })[]>`
      INSERT INTO user_days AS known (user_id, day, created, completed, reopened, deleted)
      SELECT "userId", day, sum(created), sum(completed), sum(reopened), sum(deleted)
      FROM jsonb_to_recordset(${activities}::jsonb) AS activity(
        "userId" uuid, day date, active boolean, created int, completed int, reopened int, deleted int)
      WHERE active GROUP BY "userId", day ORDER BY "userId", day
      ON CONFLICT (user_id, day) DO UPDATE SET
        created = known.created + EXCLUDED.created, completed = known.completed + EXCLUDED.completed,
        reopened = known.reopened + EXCLUDED.reopened, deleted = known.deleted + EXCLUDED.deleted
      RETURNING user_id AS "userId", day::text AS day, xmax = 0 AS fresh`;
    return rows.filter(({ fresh }) => fresh);
  }

  private async addDayTotals(
    client: Client,
    activities: string,
    newlyActive: readonly UserDay[],
  ): Promise<void> {
    await client.$executeRaw`
      WITH activity AS (
        SELECT * FROM jsonb_to_recordset(${activities}::jsonb) AS activity(
          "userId" uuid, day date, source text, registrations int, created int, completed int, reopened int, deleted int)
      ), fresh AS (
        SELECT DISTINCT ON ("userId", day) day, source
        FROM jsonb_to_recordset(${JSON.stringify(newlyActive)}::jsonb) AS fresh("userId" uuid, day date)
        JOIN activity USING ("userId", day) ORDER BY "userId", day, source
      ), counted AS (
        SELECT day, source, 0 AS active, registrations, created, completed, reopened, deleted FROM activity
        UNION ALL SELECT day, source, 1, 0, 0, 0, 0, 0 FROM fresh
      )
      INSERT INTO day_totals AS known
        (day, source, active_users, registrations, created, completed, reopened, deleted)
      SELECT day, source, sum(active), sum(registrations), sum(created), sum(completed), sum(reopened), sum(deleted)
      FROM counted GROUP BY day, source ORDER BY day, source
      ON CONFLICT (day, source) DO UPDATE SET
        active_users = known.active_users + EXCLUDED.active_users,
        registrations = known.registrations + EXCLUDED.registrations,
        created = known.created + EXCLUDED.created, completed = known.completed + EXCLUDED.completed,
        reopened = known.reopened + EXCLUDED.reopened, deleted = known.deleted + EXCLUDED.deleted`;
  }

  private async addFeatures(client: Client, activities: string): Promise<void> {
    await client.$executeRaw`
      WITH used AS (
        SELECT "userId", feature, min(source) AS source
        FROM jsonb_to_recordset(${activities}::jsonb) AS activity("userId" uuid, source text, features text[]),
          unnest(features) AS feature
        GROUP BY "userId", feature
      ), fresh AS (
        INSERT INTO user_features (user_id, feature)
        SELECT "userId", feature FROM used ORDER BY "userId", feature
        ON CONFLICT DO NOTHING RETURNING user_id, feature
      )
      INSERT INTO feature_totals AS known (feature, source, users)
      SELECT feature, source, count(*) FROM fresh JOIN used USING (feature)
      WHERE used."userId" = fresh.user_id GROUP BY feature, source ORDER BY feature, source
      ON CONFLICT (feature, source) DO UPDATE SET users = known.users + EXCLUDED.users`;
  }
}
