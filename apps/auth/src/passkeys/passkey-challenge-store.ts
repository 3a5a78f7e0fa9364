import type { Transaction } from '@taskwire/messaging';
import { unwrap } from '@taskwire/outbox';
import type { Prisma, PrismaClient } from '../generated/prisma/client.js';
import { hashOf } from '../secret-hash.js';

type Client = Prisma.TransactionClient;

/** What a challenge is to be answered for. `code`: it is none, but what the answer to one was exchanged for. */
export type ChallengePurpose = 'add' | 'login' | 'step_up' | 'code';

export interface Purposed {
  readonly accountId: string;
  readonly purpose: ChallengePurpose;
}

/** Random values that count once, of one account and for one purpose, until they expire. Only their hashes are stored. */
export class PasskeyChallengeStore {
  constructor(private readonly db: PrismaClient) {}

  async add(value: string, { accountId, purpose }: Purposed, expiresAt: Date): Promise<void> {
    const data = { hash: hashOf(value), accountId, purpose, expiresAt };
    await this.db.passkeyChallenge.create({ data, select: { hash: true } });
  }

  /** True once. */
  async take(tx: Transaction, value: string, { accountId, purpose }: Purposed, now: Date): Promise<boolean> {
    const where = { hash: hashOf(value), accountId, purpose, expiresAt: { gt: now } };
    return (await unwrap<Client>(tx).passkeyChallenge.deleteMany({ where })).count > 0;
  }

  /** Removes at most `limit` that expired before then. Answers how many went. */
  async purge(before: Date, limit: number): Promise<number> {
    const where = { expiresAt: { lt: before } };
    return (await this.db.passkeyChallenge.deleteMany({ where, limit })).count;
  }
}
