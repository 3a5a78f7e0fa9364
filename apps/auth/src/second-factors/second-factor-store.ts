import type { Transaction } from '@taskwire/messaging';
import { unwrap } from '@taskwire/outbox';
import type { Prisma, PrismaClient } from '../generated/prisma/client.js';

type Client = Prisma.TransactionClient;
type Bytes = Uint8Array<ArrayBuffer>;

export interface StoredFactor {
  readonly accountId: string;
  readonly sealed: Bytes;
  /** Null: enrolled, but no code of it was seen yet, and none is asked for. */
  readonly confirmedAt: Date | null;
  /** The time step whose code was used last. */
  readonly lastStep: number;
  readonly failures: number;
  readonly failedAt: Date | null;
}

export class SecondFactorStore {
  constructor(private readonly db: PrismaClient) {}

  find(accountId: string): Promise<StoredFactor | null> {
    return this.db.secondFactor.findUnique({ where: { accountId } });
  }

  countRecoveryCodes(accountId: string): Promise<number> {
    return this.db.recoveryCode.count({ where: { accountId } });
  }

  /** Whether the account has any: an authenticator app, or a passkey. */
  isOn(accountId: string): Promise<boolean> {
    return hasAny(this.db, accountId);
  }

  /** As `isOn`, in a transaction. */
  isOnIn(tx: Transaction, accountId: string): Promise<boolean> {
    return hasAny(unwrap<Client>(tx), accountId);
  }

  /** Locked until the transaction ends. */
  async findForChange(tx: Transaction, accountId: string): Promise<StoredFactor | null> {
    await unwrap<Client>(tx).$queryRaw`
      SELECT account_id FROM second_factors WHERE account_id = ${accountId}::uuid FOR UPDATE`;
    return unwrap<Client>(tx).secondFactor.findUnique({ where: { accountId } });
  }

  /** In the place of one that there may be. */
  async save(tx: Transaction, { accountId, ...data }: StoredFactor): Promise<void> {
    await unwrap<Client>(tx).secondFactor.upsert({
      where: { accountId },
      create: { accountId, ...data },
      update: data,
      select: { accountId: true },
    });
  }

  async replaceRecoveryCodes(tx: Transaction, accountId: string, hashes: readonly Bytes[]): Promise<void> {
    await unwrap<Client>(tx).recoveryCode.deleteMany({ where: { accountId } });
    await unwrap<Client>(tx).recoveryCode.createMany({ data: hashes.map((hash) => ({ accountId, hash })) });
  }

  /** True the first time that a code of the account is taken, false ever after. */
  async takeRecoveryCode(tx: Transaction, accountId: string, hash: Bytes): Promise<boolean> {
    const { count } = await unwrap<Client>(tx).recoveryCode.deleteMany({ where: { accountId, hash } });
    return count > 0;
  }

  /** The authenticator app; recovery codes go with the last second factor. */
  async removeApp(tx: Transaction, accountId: string): Promise<void> {
    await unwrap<Client>(tx).secondFactor.deleteMany({ where: { accountId } });
    await this.dropUnneededCodes(tx, accountId);
  }

  /** Authenticator app, passkeys and recovery codes, and what was begun with them. */
  async removeAll(tx: Transaction, accountId: string): Promise<void> {
    await unwrap<Client>(tx).passkeyChallenge.deleteMany({ where: { accountId } });
    await unwrap<Client>(tx).loginChallenge.deleteMany({ where: { accountId } });
    await unwrap<Client>(tx).passkey.deleteMany({ where: { accountId } });
    await this.removeApp(tx, accountId);
  }

  /** The recovery codes, once there is nothing that they stand for. */
  async dropUnneededCodes(tx: Transaction, accountId: string): Promise<void> {
    if (await this.isOnIn(tx, accountId)) return;
    await unwrap<Client>(tx).recoveryCode.deleteMany({ where: { accountId } });
  }
}

async function hasAny(db: Client, accountId: string): Promise<boolean> {
  const apps = await db.secondFactor.count({ where: { accountId, confirmedAt: { not: null } } });
  return apps > 0 || (await db.passkey.count({ where: { accountId } })) > 0;
}
