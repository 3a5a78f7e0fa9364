import type { Transaction } from '@taskwire/messaging';
import { toSqlError, unwrap } from '@taskwire/outbox';
import type { Prisma, PrismaClient } from '../generated/prisma/client.js';
import { type Account, spelling } from './account.js';

type Client = Prisma.TransactionClient;
const UNIQUE_VIOLATION = '23505';

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

  async save(tx: Transaction, account: Account): Promise<void> {
    const { id, name, timeZone, locale, avatarUrl, roles, version } = account;
    const data = { name, timeZone, locale, avatarUrl, roles: [...roles], version };
    await unwrap<Client>(tx).account.update({ where: { id }, data, select: { id: true } });
  }

  /** False, with nothing stored, when the email belongs to another account. */
  async saveEmail(tx: Transaction, { id, email, version }: Account): Promise<boolean> {
    const changed = await unwrap<Client>(tx).$executeRaw`
      UPDATE accounts SET email = ${email}, version = ${version}
      WHERE id = ${id}::uuid AND NOT EXISTS (SELECT FROM accounts WHERE email = ${email})`.catch(
      (error: unknown) => {
        // Of two at the same moment, the second.
        if (toSqlError(error)?.sqlState === UNIQUE_VIOLATION) return 0;
        throw error;
      },
    );
    return changed === 1;
  }

  /** With its sessions and the key of what is personal in its audit trail. */
  async remove(tx: Transaction, id: string): Promise<void> {
    await unwrap<Client>(tx).account.delete({ where: { id }, select: { id: true } });
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
