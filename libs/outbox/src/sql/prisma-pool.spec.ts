import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createTestDatabase, faultProxy, type TestDatabase } from '@taskwire/testing';
import { type SqlExecutor, type SqlTransaction, unwrap } from './executor.js';
import { isInfrastructure } from './faults.js';
import { PrismaProject, type TestPrisma, type TestTransaction } from './prisma-client.fixture.js';
import { prismaExecutor } from './prisma-executor.js';

const project = new PrismaProject('pool');
let database: TestDatabase;
let prisma: TestPrisma;
let executor: SqlExecutor;

beforeAll(async () => {
  database = await createTestDatabase();
  await project.create();
  await project.cli(['generate', '--no-hints'], database.url);
  await project.cli(['migrate', 'deploy'], database.url);
  const opened = await project.client(database.url);
  prisma = opened.prisma;
  executor = prismaExecutor(prisma, opened.pool);
}, 120_000);
afterAll(async () => {
  await prisma.$disconnect();
  await project.remove();
  await database.drop();
});

const PATIENT = { maxWait: 5_000, timeout: 5_000 };
const add = (client: object, id: string) =>
  (client as TestTransaction).effect.create({ data: { id, key: null } });
const clientOf = (tx: SqlTransaction) => unwrap<TestTransaction>(tx.handle);
const effects = async () => (await prisma.effect.findMany({ orderBy: { n: 'asc' } })).map(({ id }) => id);

describe('while a transaction of the store is open', () => {
  it('what else uses Prisma is not part of it', async () => {
    const failing = executor.transaction(async (tx) => {
      await add(clientOf(tx), 'mine');
      await add(prisma, 'beside');
      await prisma.$transaction(async (other) => void (await add(other, 'in another')), PATIENT);
      throw new Error('rolled back');
    });
    await expect(failing).rejects.toThrow('rolled back');
    expect(await effects()).toEqual(['beside', 'in another']);
  });

  it('another of the store has its own connection', async () => {
    await prisma.$executeRawUnsafe('delete from effects');
    await executor.transaction(async (outer) => {
      await add(clientOf(outer), 'outer');
      const inner = executor.transaction(async (tx) => {
        await add(clientOf(tx), 'inner');
        throw new Error('rolled back');
      });
      await expect(inner).rejects.toThrow('rolled back');
    });
    expect(await effects()).toEqual(['outer']);
  });
});

it('a connection that is open by half ends the transaction as a fault of the place, also where Prisma waits for it', async () => {
  const proxy = await faultProxy({ target: new URL(database.url).host });
  const limits = { max: 1, query_timeout: 1_500, connectionTimeoutMillis: 5_000 };
  const opened = await project.client(proxy.through(database.url), limits);
  const halfOpen = prismaExecutor(opened.prisma, opened.pool);
  let restore = (): void => undefined;
  const hanging = halfOpen.transaction(async (tx) => {
    await add(clientOf(tx), 'before');
    restore = proxy.add({ type: 'timeout', timeout: 0 });
    await add(clientOf(tx), 'behind');
  });
  const fault: unknown = await hanging.catch((error: unknown) => error);
  restore();
  expect(isInfrastructure(fault)).toBe(true);
  expect(await halfOpen.query('select 1 as n')).toEqual([{ n: 1 }]);
  await opened.prisma.$disconnect();
  await proxy.close();
});
