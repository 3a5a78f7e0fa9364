import type { Transaction } from '@taskwire/messaging';
import { unwrap } from '../database.js';

/** Accounts that are gone. What still arrives of them, by topics without an order among each other, is not stored. */
export class ErasedUsers {
  async add(tx: Transaction, userId: string, at: Date): Promise<void> {
    await unwrap(tx).erasedUser.createMany({ data: { userId, at }, skipDuplicates: true });
  }

  /** Those of the messages whose user still has an account. */
  async without<Message>(
    tx: Transaction,
    messages: readonly Message[],
    userOf: (message: Message) => string,
  ): Promise<Message[]> {
    const rows = await unwrap(tx).$queryRaw<{ userId: string }[]>`
      SELECT user_id AS "userId" FROM erased_users WHERE user_id = ANY(${[...new Set(messages.map(userOf))]}::uuid[])`;
    const erased = new Set(rows.map(({ userId }) => userId));
    return messages.filter((message) => !erased.has(userOf(message)));
  }
}
