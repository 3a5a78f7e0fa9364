import type { Preferences } from '@taskwire/contracts';
import type { Transaction } from '@taskwire/messaging';
import { unwrap } from '../database.js';
import type { Preferences as Row, PrismaClient } from '../generated/prisma/client.js';

const DEFAULTS: Preferences = { emailReminders: true, taskChanges: true };

export class PreferencesStore {
  constructor(private readonly db: PrismaClient) {}

  async find(userId: string): Promise<Preferences> {
    return view(await this.db.preferences.findUnique({ where: { userId } }));
  }

  /** The preferences of these users; everybody has some. */
  async findMany(tx: Transaction, userIds: readonly string[]): Promise<(userId: string) => Preferences> {
    const rows = await unwrap(tx).$queryRaw<Row[]>`
      SELECT user_id AS "userId", email_reminders AS "emailReminders", task_changes AS "taskChanges"
      FROM preferences WHERE user_id = ANY(${[...new Set(userIds)]}::uuid[])`;
    const byUser = new Map(rows.map((row) => [row.userId, row]));
    return (userId) => view(byUser.get(userId) ?? null);
  }

  async save(tx: Transaction, userId: string, preferences: Preferences): Promise<void> {
    await unwrap(tx).preferences.upsert({
      where: { userId },
      create: { userId, ...preferences },
      update: preferences,
    });
  }
}

function view(row: Row | null): Preferences {
  if (row === null) return DEFAULTS;
  return { emailReminders: row.emailReminders, taskChanges: row.taskChanges };
}
