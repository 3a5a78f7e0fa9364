import { AUDIT_BEGINNING, type AuditEntry, auditHash } from '@taskwire/contracts';
import type { Transaction } from '@taskwire/messaging';
import { unwrap } from '@taskwire/outbox';
import type { AuditEntry as Row, Prisma, PrismaClient } from '../generated/prisma/client.js';
import { newSealKey } from './seal.js';

type Client = Prisma.TransactionClient;
type Bytes = Uint8Array<ArrayBuffer>;
/** An entry before it has its place in the chain. */
export type NewEntry = Omit<AuditEntry, 'seq' | 'at' | 'hash' | 'sealed' | 'origin'> & {
  readonly sealed: Bytes | null;
};
/** An entry as it was written, and the key of its subject if there is one. */
export type StoredEntry = Omit<AuditEntry, 'origin'> & { readonly key: Uint8Array | null };

export class AuditStore {
  constructor(private readonly db: PrismaClient) {}

  /** Behind all entries there are. Until the transaction ends, others wait: append last. */
  async append(tx: Transaction, { sealed, ...entry }: NewEntry): Promise<void> {
    const client = unwrap<Client>(tx);
    await client.$executeRaw`SELECT pg_advisory_xact_lock('audit_entries'::regclass::oid::int, 0)`;
    const last = await client.auditEntry.findFirst({ orderBy: { seq: 'desc' } });
    const at = new Date();
    const seq = Number(last?.seq ?? 0) + 1;
    const previous = last === null ? AUDIT_BEGINNING : hex(last.hash);
    const said = { ...entry, seq, at: at.toISOString(), sealed: sealed && base64(sealed) };
    const hash = new Uint8Array(Buffer.from(auditHash(previous, said), 'hex'));
    await client.auditEntry.create({ data: { ...entry, seq, at, sealed, hash }, select: { seq: true } });
  }

  /** The key that seals what is personal of an account, made when it is first needed; null when the account is gone. */
  async keyOf(tx: Transaction, accountId: string): Promise<Uint8Array | null> {
    const client = unwrap<Client>(tx);
    await client.$executeRaw`
      INSERT INTO audit_keys (account_id, key) SELECT id, ${newSealKey()} FROM accounts WHERE id = ${accountId}::uuid
      ON CONFLICT (account_id) DO NOTHING`;
    return (await client.auditKey.findUnique({ where: { accountId } }))?.key ?? null;
  }

  /** At most `limit` entries behind `after`, oldest first. */
  async page(after: number, limit: number, subject?: string): Promise<StoredEntry[]> {
    const where = { seq: { gt: after }, ...(subject !== undefined && { subject }) };
    const rows = await this.db.auditEntry.findMany({ where, orderBy: { seq: 'asc' }, take: limit });
    const subjects = [...new Set(rows.flatMap((row) => row.subject ?? []))];
    const keys = await this.db.auditKey.findMany({ where: { accountId: { in: subjects } } });
    const keyOf = new Map(keys.map(({ accountId, key }) => [accountId, key]));
    return rows.map((row) => ({ ...entryOf(row), key: keyOf.get(row.subject ?? '') ?? null }));
  }
}

function entryOf({ seq, at, sealed, hash, ...row }: Row): Omit<AuditEntry, 'origin'> {
  return {
    ...row,
    seq: Number(seq),
    at: at.toISOString(),
    sealed: sealed && base64(sealed),
    hash: hex(hash),
  };
}

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');
