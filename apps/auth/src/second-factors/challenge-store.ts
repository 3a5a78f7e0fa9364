import type { Transaction } from '@taskwire/messaging';
import { unwrap } from '@taskwire/outbox';
import type { Prisma, PrismaClient } from '../generated/prisma/client.js';

type Client = Prisma.TransactionClient;
type Bytes = Uint8Array<ArrayBuffer>;

/** A login whose password was right, and that lacks a code. */
export interface StoredChallenge {
  readonly hash: Bytes;
  readonly accountId: string;
  /** Of the stored password hash: with another password it is void. */
  readonly passwordDigest: Bytes;
  readonly attempts: number;
  readonly expiresAt: Date;
}

export class ChallengeStore {
  constructor(private readonly db: PrismaClient) {}

  async add(tx: Transaction, challenge: StoredChallenge): Promise<void> {
    await unwrap<Client>(tx).loginChallenge.create({ data: challenge, select: { hash: true } });
  }

  /** Counts an attempt; null when there is no such challenge, or one that had its `most` attempts or has expired. */
  async attempt(tx: Transaction, hash: Bytes, most: number, now: Date): Promise<StoredChallenge | null> {
    const [found] = await unwrap<Client>(tx).loginChallenge.updateManyAndReturn({
      where: { hash, attempts: { lt: most }, expiresAt: { gt: now } },
      data: { attempts: { increment: 1 } },
    });
    return found ?? null;
  }

  /** Null when there is no such challenge, or one that has expired. */
  find(hash: Bytes, now: Date): Promise<StoredChallenge | null> {
    return this.db.loginChallenge.findUnique({ where: { hash, expiresAt: { gt: now } } });
  }

  /** False when it was taken before. */
  async take(tx: Transaction, hash: Bytes): Promise<boolean> {
    return (await unwrap<Client>(tx).loginChallenge.deleteMany({ where: { hash } })).count > 0;
  }

  /** Removes at most `limit` that expired before then. Answers how many went. */
  async purge(before: Date, limit: number): Promise<number> {
    const where = { expiresAt: { lt: before } };
    return (await this.db.loginChallenge.deleteMany({ where, limit })).count;
  }
}
