import type { Transaction } from '@taskwire/messaging';
import { unwrap } from '../database.js';
import type { Reminder } from './reminder.js';

/** Lists go as arrays: one statement, whatever their length, so that its plan is kept once. */
export class ReminderStore {
  async findMany(tx: Transaction, taskIds: readonly string[]): Promise<Map<string, Reminder>> {
    const rows = await unwrap(tx).$queryRaw<Reminder[]>`
      SELECT task_id AS "taskId", user_id AS "userId", title, version, open,
        remind_at AS "remindAt", done_for AS "doneFor"
      FROM reminders WHERE task_id = ANY(${[...new Set(taskIds)]}::uuid[])`;
    return new Map(rows.map((row) => [row.taskId, row]));
  }

  async save(tx: Transaction, reminders: readonly Reminder[]): Promise<void> {
    if (reminders.length === 0) return;
    await unwrap(tx).$executeRaw`
      INSERT INTO reminders (task_id, user_id, title, version, open, remind_at, done_for)
      SELECT "taskId", "userId", title, version, open, "remindAt", "doneFor"
      FROM jsonb_to_recordset(${JSON.stringify(reminders)}::jsonb) AS reminder(
        "taskId" uuid, "userId" uuid, title text, version int, open boolean, "remindAt" timestamptz, "doneFor" timestamptz)
      ORDER BY "taskId"
      ON CONFLICT (task_id) DO UPDATE SET title = EXCLUDED.title, version = EXCLUDED.version,
        open = EXCLUDED.open, remind_at = EXCLUDED.remind_at, done_for = EXCLUDED.done_for`;
  }

  async remove(tx: Transaction, taskIds: readonly string[]): Promise<void> {
    if (taskIds.length === 0) return;
    await unwrap(tx).$executeRaw`DELETE FROM reminders WHERE task_id = ANY(${taskIds}::uuid[])`;
  }
}
