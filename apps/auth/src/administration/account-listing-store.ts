import type { Account } from '../accounts/account.js';
import type { PrismaClient } from '../generated/prisma/client.js';

/** Where a page of accounts begins: behind the one that was made then. */
export interface ListingPosition {
  readonly createdAt: Date;
  readonly id: string;
}

/** All accounts, for administrators. */
export class AccountListing {
  constructor(private readonly db: PrismaClient) {}

  /** Whose address begins with `prefix`, a stored spelling; the newest first. */
  page(prefix: string, after: ListingPosition | null, limit: number): Promise<Account[]> {
    return this.db.account.findMany({
      where: {
        ...(prefix !== '' && { email: { startsWith: literal(prefix) } }),
        ...(after && {
          OR: [{ createdAt: { lt: after.createdAt } }, { createdAt: after.createdAt, id: { lt: after.id } }],
        }),
      },
      orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
      take: limit,
    });
  }
}

/** Prisma makes a LIKE pattern of it without escaping. */
function literal(text: string): string {
  return text.replaceAll(/[\\%_]/g, '\\$&');
}
