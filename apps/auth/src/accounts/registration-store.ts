import type { Transaction } from '@taskwire/messaging';
import { unwrap } from '@taskwire/outbox';
import type { Prisma, PrismaClient, Registration } from '../generated/prisma/client.js';
import { type NewAccount, spelling } from './account.js';

type Client = Prisma.TransactionClient;
/** An account to be, under the id that it will have. */
export type PendingAccount = Omit<NewAccount, 'roles'> & { readonly id: string };

/** As long as its email can be used. */
const LIFETIME_MS = 24 * 60 * 60 * 1000;

export class RegistrationStore {
  constructor(private readonly db: PrismaClient) {}

  async add(tx: Transaction, pending: PendingAccount, now: Date): Promise<void> {
    const expiresAt = new Date(now.getTime() + LIFETIME_MS);
    const data = { ...pending, email: spelling(pending.email), expiresAt };
    await unwrap<Client>(tx).registration.create({ data, select: { id: true } });
  }

  async find(id: string): Promise<PendingAccount | null> {
    const found = await this.db.registration.findUnique({ where: { id } });
    return found && pendingOf(found);
  }

  /** All for an address: whoever confirms one ends the others. */
  async remove(tx: Transaction, email: string): Promise<void> {
    await unwrap<Client>(tx).registration.deleteMany({ where: { email: spelling(email) } });
  }

  /** Removes some that expired before then; answers how many. */
  async purge(before: Date, limit: number): Promise<number> {
    const { count } = await this.db.registration.deleteMany({ where: { expiresAt: { lt: before } }, limit });
    return count;
  }
}

function pendingOf({ expiresAt: _, ...pending }: Registration): PendingAccount {
  return pending;
}
