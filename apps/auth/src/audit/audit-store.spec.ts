import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AUDIT_BEGINNING, auditHash } from '@taskwire/contracts';
import { Client } from 'pg';
import { type TestStores, accountOf, createTestStores } from '../auth.fixture.js';
import { seal, unseal } from './seal.js';

let test: TestStores;
let sql: Client;
beforeAll(async () => {
  test = await createTestStores();
  sql = new Client({ connectionString: test.url });
  await sql.connect();
});
afterAll(async () => {
  await sql.end();
  await test.drop();
});

const entry = { action: 'session.started', actor: null, session: null, traceId: null, details: '{}' };
const append = (subject: string | null = null, sealed: Uint8Array<ArrayBuffer> | null = null) =>
  test.inTransaction((tx) => test.audit.append(tx, { ...entry, subject, sealed }));
async function chain() {
  const entries = await test.audit.page(0, 1_000);
  let previous = AUDIT_BEGINNING;
  for (const { key: _, hash, ...said } of entries) {
    expect(auditHash(previous, said)).toBe(hash);
    previous = hash;
  }
  return entries;
}

describe('the audit trail', () => {
  it('is one chain without a gap, however many write at the same moment', async () => {
    const before = (await chain()).length;
    await Promise.all(Array.from({ length: 30 }, () => append()));

    const entries = await chain();
    expect(entries.map(({ seq }) => seq)).toEqual(Array.from({ length: before + 30 }, (_, n) => n + 1));
  });

  it('has nothing of a transaction that was rolled back', async () => {
    await append();
    const before = await chain();
    const failed = test.inTransaction(async (tx) => {
      await test.audit.append(tx, { ...entry, subject: null, sealed: null });
      throw new Error('no');
    });
    await expect(failed).rejects.toThrow('no');
    await append();
    expect(await chain()).toHaveLength(before.length + 1);
  });

  it.each([
    `update audit_entries set action = 'nothing' where seq = 1`,
    'delete from audit_entries where seq = 1',
    'delete from audit_entries where false',
    'truncate audit_entries',
  ])('refuses: %s', async (statement) => {
    await append();
    await expect(sql.query(statement)).rejects.toThrow('append-only');
  });

  it('shows a change that somebody made past all that', async () => {
    await append();
    await sql.query('begin');
    await sql.query('alter table audit_entries disable trigger all');
    await sql.query(`update audit_entries set details = '{"reason":"none"}' where seq = 1`);
    const { rows } = await sql.query<{ details: string; hash: Buffer; at: Date }>(
      'select details, hash, at from audit_entries where seq = 1',
    );
    await sql.query('rollback');
    const [first] = rows;
    const said = { ...entry, subject: null, sealed: null, seq: 1, at: first?.at.toISOString() ?? '' };

    expect(auditHash(AUDIT_BEGINNING, said)).toBe(first?.hash.toString('hex'));
    expect(auditHash(AUDIT_BEGINNING, { ...said, details: first?.details ?? '' })).not.toBe(
      first?.hash.toString('hex'),
    );
  });

  it('gives what is personal to who has the account’s key, and to nobody when the account is gone', async () => {
    const account = accountOf();
    await test.inTransaction((tx) => test.accounts.add(tx, account));
    const keyOf = () => test.inTransaction((tx) => test.audit.keyOf(tx, account.id));
    const key = (await keyOf()) ?? new Uint8Array();
    expect(await keyOf()).toEqual(key);
    await append(account.id, seal(key, { address: '192.0.2.7' }));

    const [stored] = await test.audit.page(0, 10, account.id);
    const sealed = Buffer.from(stored?.sealed ?? '', 'base64');
    expect(sealed.toString()).not.toContain('192.0.2.7');
    expect(unseal(stored?.key ?? new Uint8Array(), sealed)).toEqual({ address: '192.0.2.7' });

    await sql.query('delete from accounts where id = $1', [account.id]);
    expect(await test.audit.page(0, 10, account.id)).toEqual([{ ...stored, key: null }]);
    expect(await keyOf()).toBeNull();
    await chain();
  });
});
