import type { EmailPurpose } from '@taskwire/contracts';
import type { Transaction } from '@taskwire/messaging';
import { unwrap } from '@taskwire/outbox';
import type { AccountEmail as Row, Prisma, PrismaClient } from '../generated/prisma/client.js';
import { type AccountEmail, MOST_TOKENS } from './account-email.js';

type Client = Prisma.TransactionClient;
type Bytes = Uint8Array<ArrayBuffer>;

export class AccountEmailStore {
  constructor(private readonly db: PrismaClient) {}

  async add(tx: Transaction, email: AccountEmail): Promise<void> {
    await unwrap<Client>(tx).accountEmail.create({ data: email, select: { id: true } });
  }

  /** Emails to an address for this since then. */
  count(
    tx: Transaction,
    { address, purpose }: Pick<AccountEmail, 'address' | 'purpose'>,
    since: Date,
  ): Promise<number> {
    return unwrap<Client>(tx).accountEmail.count({ where: { address, purpose, createdAt: { gt: since } } });
  }

  async find(id: string): Promise<AccountEmail | null> {
    return emailOf(await this.db.accountEmail.findUnique({ where: { id } }));
  }

  /** False when it has as many as it may have. */
  async addToken(emailId: string, hash: Bytes): Promise<boolean> {
    const added = await this.db.$executeRaw`
      INSERT INTO account_email_tokens (hash, email_id)
      SELECT ${hash}, ${emailId}::uuid
      WHERE (SELECT count(*) FROM account_email_tokens WHERE email_id = ${emailId}::uuid) < ${MOST_TOKENS}`;
    return added === 1;
  }

  async findByToken(hash: Bytes): Promise<AccountEmail | null> {
    const found = await this.db.accountEmailToken.findUnique({ where: { hash }, include: { email: true } });
    return emailOf(found?.email ?? null);
  }

  /** The email, and the other one of its change, locked until the transaction ends. */
  async lock(tx: Transaction, { id, changeId }: AccountEmail): Promise<AccountEmail[]> {
    const client = unwrap<Client>(tx);
    // In one order by all, so that the two halves of a change can't wait for each other.
    await client.$queryRaw`
      SELECT id FROM account_emails WHERE id = ${id}::uuid OR change_id = ${changeId}::uuid ORDER BY id FOR UPDATE`;
    const rows = await client.accountEmail.findMany({
      where: { OR: [{ id }, ...(changeId === null ? [] : [{ changeId }])] },
    });
    return rows.flatMap((row) => emailOf(row) ?? []);
  }

  async use(tx: Transaction, id: string, now: Date): Promise<void> {
    await unwrap<Client>(tx).accountEmail.update({
      where: { id },
      data: { usedAt: now },
      select: { id: true },
    });
  }

  /** A password that it asked for was wrong. */
  async fail(id: string): Promise<void> {
    await this.db.accountEmail.updateMany({ where: { id }, data: { attempts: { increment: 1 } } });
  }

  /** All of an account, or those of some purposes: their tokens no longer work. */
  async remove(tx: Transaction, accountId: string, purposes?: readonly EmailPurpose[]): Promise<void> {
    const where = { accountId, ...(purposes && { purpose: { in: [...purposes] } }) };
    await unwrap<Client>(tx).accountEmail.deleteMany({ where });
  }

  /** Removes some that expired before then; answers how many. */
  purge(before: Date, most: number): Promise<number> {
    return this.db.$executeRaw`
      DELETE FROM account_emails WHERE id IN (SELECT id FROM account_emails WHERE expires_at < ${before} LIMIT ${most})`;
  }
}

function emailOf(row: Row | null): AccountEmail | null {
  return row as AccountEmail | null;
}
