import type { Transaction } from '@taskwire/messaging';
import { unwrap } from '@taskwire/outbox';
import type { Prisma, PrismaClient } from '../generated/prisma/client.js';
import { type Account, spelling } from './account.js';

type Client = Prisma.TransactionClient;

export class AccountStore {
  constructor(private readonly db: PrismaClient) {}

  /** False, with nothing stored, when the email belongs to an account already. */
  async add(tx: Transaction, { roles, ...account }: Account): Promise<boolean> {
    const data = { ...account, roles: [...roles] };
    const { count } = await unwrap<Client>(tx).account.createMany({ data, skipDuplicates: true });
    return count === 1;
  }

  /** The account, locked until the transaction ends. */
  async findForChange(tx: Transaction, who: { id: string } | { email: string }): Promise<Account | null> {
    const where = 'id' in who ? who : { email: spelling(who.email) };
    const seen = await unwrap<Client>(tx).account.findUnique({ where, select: { id: true } });
    if (seen === null) return null;
    await unwrap<Client>(tx).$queryRaw`SELECT id FROM accounts WHERE id = ${seen.id}::uuid FOR UPDATE`;
    return unwrap<Client>(tx).account.findUnique({ where: seen });
  }

  async save(tx: Transaction, { id, name, timeZone, roles, version }: Account): Promise<void> {
    const data = { name, timeZone, roles: [...roles], version };
    await unwrap<Client>(tx).account.update({ where: { id }, data, select: { id: true } });
  }

  async setPasswordHash(tx: Transaction, id: string, passwordHash: string): Promise<void> {
    await unwrap<Client>(tx).account.update({ where: { id }, data: { passwordHash }, select: { id: true } });
  }

  async setDisabled(tx: Transaction, id: string, disabledAt: Date | null): Promise<void> {
    await unwrap<Client>(tx).account.update({ where: { id }, data: { disabledAt }, select: { id: true } });
  }

  find(id: string): Promise<Account | null> {
    return this.db.account.findUnique({ where: { id } });
  }

  /** As `find`, on the connection of the transaction. */
  findIn(tx: Transaction, id: string): Promise<Account | null> {
    return unwrap<Client>(tx).account.findUnique({ where: { id } });
  }

  findByEmail(email: string): Promise<Account | null> {
    return this.db.account.findUnique({ where: { email: spelling(email) } });
  }
}
