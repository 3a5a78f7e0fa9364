import type { Transaction } from '@taskwire/messaging';
import { unwrap } from '@taskwire/outbox';
import type { Passkey as Row, Prisma, PrismaClient } from '../generated/prisma/client.js';
import type { StoredPasskey } from './passkey.js';

type Client = Prisma.TransactionClient;
type Bytes = Uint8Array<ArrayBuffer>;

export class PasskeyStore {
  constructor(private readonly db: PrismaClient) {}

  /** The oldest first. */
  async list(accountId: string): Promise<StoredPasskey[]> {
    const orderBy = [{ createdAt: 'asc' }, { id: 'asc' }] as const;
    return (await this.db.passkey.findMany({ where: { accountId }, orderBy: [...orderBy] })).map(passkeyOf);
  }

  /** Null also where it is of another account. */
  async find(accountId: string, credentialId: Bytes): Promise<StoredPasskey | null> {
    const row = await this.db.passkey.findUnique({ where: { accountId, credentialId } });
    return row && passkeyOf(row);
  }

  count(tx: Transaction, accountId: string): Promise<number> {
    return unwrap<Client>(tx).passkey.count({ where: { accountId } });
  }

  /** False, with nothing stored, when there is one with this credential, of whichever account. */
  async add(tx: Transaction, { counter, transports, ...passkey }: StoredPasskey): Promise<boolean> {
    const data = { ...passkey, counter: BigInt(counter), transports: [...transports] };
    const { count } = await unwrap<Client>(tx).passkey.createMany({ data, skipDuplicates: true });
    return count === 1;
  }

  /** False when it is gone, or was used meanwhile, so that its counter is no longer the one that was compared. */
  async use(tx: Transaction, { id, counter }: StoredPasskey, next: number, now: Date): Promise<boolean> {
    const { count } = await unwrap<Client>(tx).passkey.updateMany({
      where: { id, counter: BigInt(counter) },
      data: { counter: BigInt(next), lastUsedAt: now },
    });
    return count === 1;
  }

  /** Null when the account has no such passkey. */
  async rename(accountId: string, id: string, name: string): Promise<StoredPasskey | null> {
    const [row] = await this.db.passkey.updateManyAndReturn({ where: { id, accountId }, data: { name } });
    return row === undefined ? null : passkeyOf(row);
  }

  /** False when the account has no such passkey. */
  async remove(tx: Transaction, accountId: string, id: string): Promise<boolean> {
    return (await unwrap<Client>(tx).passkey.deleteMany({ where: { id, accountId } })).count > 0;
  }
}

const passkeyOf = (row: Row): StoredPasskey => ({ ...row, counter: Number(row.counter) });
