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

  async isOn(tx: Transaction, accountId: string): Promise<boolean> {
    const where = { accountId, confirmedAt: { not: null } };
    return (await unwrap<Client>(tx).secondFactor.count({ where })) > 0;
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

  /** With its recovery codes. */
  async remove(tx: Transaction, accountId: string): Promise<void> {
    await unwrap<Client>(tx).recoveryCode.deleteMany({ where: { accountId } });
    await unwrap<Client>(tx).secondFactor.deleteMany({ where: { accountId } });
  }
}
