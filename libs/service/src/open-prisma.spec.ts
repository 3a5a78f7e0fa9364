import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { PrismaPg } from '@prisma/adapter-pg';
import { createTestDatabase, type FaultProxy, faultProxy, type TestDatabase } from '@taskwire/testing';
import { connectOrCreate } from './database.js';
import { openPrisma } from './open-prisma.js';

let database: TestDatabase;
let proxy: FaultProxy;
beforeAll(async () => {
  database = await createTestDatabase();
  proxy = await faultProxy({ target: new URL(database.url).host });
});
afterAll(async () => {
  await proxy.close();
  await database.drop();
});

/** Only what is needed to get to the connections. */
class Prisma {
  readonly adapter: PrismaPg;

  constructor({ adapter }: { adapter: PrismaPg }) {
    this.adapter = adapter;
  }

  async $disconnect(): Promise<void> {}
}

describe('a connection to PostgreSQL that is lost while nobody waits for an answer', () => {
  it('of the pool, in the moment in which it is handed over: the next statement is told, and the process goes on', async () => {
    const driver = await openPrisma(Prisma, proxy.through(database.url)).client.adapter.connect();
    const connection = await driver.underlyingDriver().connect();
    const lost = new Promise((resolve) => connection.once('end', resolve));
    await proxy.down();
    await lost;

    await expect(connection.query('select 1')).rejects.toThrow();
    connection.release(true);
    await proxy.up();
    expect((await driver.queryRaw({ sql: 'select 1', args: [], argTypes: [] })).rows).toHaveLength(1);
    await driver.dispose();
  });

  it('of the pool, while nobody uses it: the next statement gets another connection', async () => {
    const { pool } = openPrisma(Prisma, proxy.through(database.url));
    await pool.query('select 1');
    const lost = new Promise((resolve) => pool.once('remove', resolve));
    await proxy.down();
    await lost;

    await proxy.up();
    expect((await pool.query('select 1')).rows).toHaveLength(1);
    await pool.end();
  });

  it('of the start: the next statement is told', async () => {
    const connection = await connectOrCreate(proxy.through(database.url));
    const lost = new Promise((resolve) => connection.once('end', resolve));
    await proxy.down();
    await lost;

    await expect(connection.query('select 1')).rejects.toThrow();
    await proxy.up();
  });
});

it('an answer is waited for longer than the server lets a statement run, and no longer', async () => {
  const { pool } = openPrisma(Prisma, database.url);
  const { query_timeout: answer = Infinity, statement_timeout: statement, keepAlive } = pool.options;
  expect(answer).toBeGreaterThan(Number(statement));
  expect(answer).toBeLessThanOrEqual(Number(statement) + 10_000);
  expect(keepAlive).toBe(true);
  await pool.end();
});
