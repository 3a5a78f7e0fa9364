import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { InfrastructureError, type ReceivedMessage, Rejection, type RunContext } from '@taskwire/messaging';
import { createTestDatabase, type TestDatabase } from '@taskwire/testing';
import { createOutbox } from '../outbox.js';
import {
  command,
  COMMANDS,
  EVENTS,
  Happened,
  happened,
  parse,
  RecordingDriver,
  runOf,
  until,
} from '../store.fixture.js';
import { createStore } from '../store.js';
import { type SqlExecutor, SqlError, unwrap } from './executor.js';
import {
  openTransactions,
  PrismaProject,
  type TestPrisma,
  type TestTransaction,
} from './prisma-client.fixture.js';
import { prismaExecutor } from './prisma-executor.js';
import type { PrismaPool } from './prisma-pool.js';

const project = new PrismaProject('executor');
let database: TestDatabase;
let prisma: TestPrisma;
let pool: PrismaPool;
let executor: SqlExecutor;

beforeAll(async () => {
  database = await createTestDatabase();
  await project.create();
  await project.cli(['generate', '--no-hints'], database.url);
  await project.cli(['migrate', 'deploy'], database.url);
  ({ prisma, pool } = await project.client(database.url));
  executor = prismaExecutor(prisma, pool);
}, 120_000);
afterAll(async () => {
  await prisma.$disconnect();
  await project.remove();
  await database.drop();
});
beforeEach(async () => {
  for (const table of [
    'inbox',
    'parked_messages',
    'outbox',
    'outbox_lease',
    'scheduled_messages',
    'effects',
  ]) {
    await prisma.$executeRawUnsafe(`delete from ${table}`);
  }
});

const clientOf = (context: Pick<RunContext, 'tx'>) => unwrap<TestTransaction>(context.tx);
const effects = async () => (await prisma.effect.findMany({ orderBy: { n: 'asc' } })).map(({ id }) => id);
const create = async ({ id, key }: ReceivedMessage, context: Pick<RunContext, 'tx'>) => {
  await clientOf(context).effect.create({ data: { id, key } });
  return { id };
};

describe('the schema of the library', () => {
  it('is what its migration makes: Prisma sees no drift', async () => {
    const args = [
      'migrate',
      'diff',
      '--from-migrations',
      'prisma/migrations',
      '--to-schema',
      'prisma',
      '--exit-code',
    ];
    expect(await project.cli(args, database.url)).toContain('No difference detected');
  }, 60_000);
});

describe('values', () => {
  it('come back as with pg', async () => {
    const [row] = await executor.query<Record<string, unknown>>(
      `select $1::text[]::bigint[] as list, 9007199254740993::int8 as big, decode($2, 'base64') as bytes,
        $3::text::timestamptz as at, '{"a":[1,null]}'::json as json, null::text as nothing`,
      [['1', null], Buffer.from('\0\xff', 'latin1').toString('base64'), '2026-01-02T03:04:05.678Z'],
    );
    expect(row).toMatchObject({
      big: '9007199254740993',
      bytes: Buffer.from([0, 255]),
      at: new Date('2026-01-02T03:04:05.678Z'),
      json: { a: [1, null] },
      nothing: null,
    });
  });
});

describe('faults', () => {
  it('carry the SQLSTATE of a failed statement', async () => {
    await expect(executor.query('select 1/0')).rejects.toMatchObject({ name: 'SqlError', sqlState: '22012' });
    await expect(executor.execute('insert into nowhere values (1)')).rejects.toMatchObject({
      sqlState: '42P01',
    });
  });

  it('say that no connection could be made, or that none was free in time', async () => {
    const nowhere = await project.client('postgresql://postgres@127.0.0.1:1/none');
    const away = prismaExecutor(nowhere.prisma, nowhere.pool);
    await expect(away.query('select 1')).rejects.toMatchObject({ sqlState: '08006' });
    await expect(away.transaction(() => Promise.resolve())).rejects.toMatchObject({ sqlState: '08006' });
    const impatient = await project.client(database.url, { max: 1, connectionTimeoutMillis: 1_000 });
    const busy = prismaExecutor(impatient.prisma, impatient.pool);
    const release = Promise.withResolvers<undefined>();
    const holder = busy.transaction(() => release.promise);
    await until('the connection to be used', async () => (await openTransactions(database.url)) === 1);
    await expect(busy.transaction(() => Promise.resolve())).rejects.toMatchObject({ sqlState: '08006' });
    release.resolve(undefined);
    await holder;
    await impatient.prisma.$disconnect();
  });

  it('of a transaction that took too long are the fault of who used it', async () => {
    const short = prismaExecutor(prisma, pool, { timeoutMs: 100 });
    const slow = short.transaction(async (tx) => {
      await tx.query('select pg_sleep(0.3)::text');
      await tx.query('select 1 as one');
    });
    await expect(slow).rejects.toMatchObject({ sqlState: '25P03' });
  });

  it('that a handler swallowed still end its transaction', async () => {
    const store = createStore({ executor });
    const swallowing = store.write(async (context) => {
      await create(command({ id: 'a' }).message, context);
      await clientOf(context)
        .$executeRawUnsafe('select 1/0')
        .then(undefined, () => undefined);
    });
    await expect(swallowing).rejects.toMatchObject({ sqlState: '25P02' });
    expect(await effects()).toEqual([]);
  });

  it('of a killed connection are no fault of the message', async () => {
    const store = createStore({ executor });
    const kill = runOf(async (message, context) => {
      await create(message, context);
      const killed = `select pg_terminate_backend(pid)::text from pg_stat_activity where datname = current_database() and state = 'idle in transaction'`;
      await prisma.$queryRawUnsafe(killed);
      return create(message, context);
    });
    await expect(store.process(COMMANDS, [command()], kill, true)).rejects.toBeInstanceOf(
      InfrastructureError,
    );
    expect(await effects()).toEqual([]);
  });

  it('of two transactions in each other’s way are 40P01 or 40001, and run again', async () => {
    const store = createStore({ executor });
    await prisma.$executeRawUnsafe(`insert into effects (id, key) values ('x', '0'), ('y', '0')`);
    const both = Promise.withResolvers<undefined>();
    let arrived = 0;
    const crossing = (first: string, second: string) =>
      store.write(async (context) => {
        const add = (id: string) =>
          clientOf(context).$executeRaw`update effects set key = (key::int + 1)::text where id = ${id}`;
        await add(first);
        if (++arrived === 2) both.resolve(undefined);
        await both.promise;
        await add(second);
      });
    await Promise.all([crossing('x', 'y'), crossing('y', 'x')]);
    const rows = await prisma.effect.findMany();
    expect(rows.map(({ key }) => key)).toEqual(['2', '2']);
  });
});

describe('what a handler gets', () => {
  const writesOf = async (work: (tx: TestTransaction) => PromiseLike<unknown>) =>
    executor.transaction(async (tx) => {
      await work(clientOf({ tx: tx.handle }));
      return tx.writes;
    });

  it.each<[string, number, (tx: TestTransaction) => PromiseLike<unknown>]>([
    ['a model that is read', 0, (tx) => tx.effect.findMany()],
    ['a model that is written', 1, (tx) => tx.effect.create({ data: { id: 'a', key: null } })],
    ['$executeRaw', 1, (tx) => tx.$executeRaw`delete from effects`],
    ['$queryRaw with a select', 0, (tx) => tx.$queryRaw`  -- just looking\n select 1 as one`],
    ['$queryRaw that inserts', 1, (tx) => tx.$queryRaw`insert into effects (id) values ('a') returning id`],
    ['$queryRawUnsafe with a select', 0, (tx) => tx.$queryRawUnsafe('select 1 as one')],
  ])('counts %s as %i writes', async (_name, writes, work) => {
    expect(await writesOf(work)).toBe(writes);
  });
});

describe('the store over Prisma', () => {
  it('stores effect, ending and events of a batch in one commit, and answers repeats', async () => {
    const store = createStore({ executor });
    const run = runOf(async (message, context) => {
      context.publish(Happened, { key: 'k', n: message.id }, message);
      return create(message, context);
    });
    const batch = ['a', 'b'].map((id) => command({ id, requestHash: 'h' }));
    expect(await store.process(COMMANDS, batch, run, false)).toMatchObject([
      { reply: { id: 'a' } },
      { reply: { id: 'b' } },
    ]);
    expect(await store.process(COMMANDS, batch, run, false)).toMatchObject([
      { repeated: true },
      { repeated: true },
    ]);
    expect(await effects()).toEqual(['a', 'b']);
    expect(await store.counts()).toMatchObject({ outboxRows: 2 });
    expect(await store.readOperation(COMMANDS.subscriber, 'a')).toMatchObject({
      ending: 'done',
      reply: { id: 'a' },
      requestHash: 'h',
    });
  });

  it('rolls a refusal after a write back', async () => {
    const store = createStore({ executor });
    const run = runOf(async (message, context) => {
      const reply = await create(message, context);
      if (message.id === 'b') throw new Rejection('no');
      return reply;
    });
    const batch = ['a', 'b', 'c'].map((id) => command({ id }));
    expect(await store.process(COMMANDS, batch, run, false)).toMatchObject([
      { ending: 'done' },
      { ending: 'rejected' },
      { ending: 'done' },
    ]);
    expect(await effects()).toEqual(['a', 'c']);
  });

  it('parks with the original bytes, and drains', async () => {
    const store = createStore({ executor, settings: { retryMs: [0] } });
    let healthy = false;
    const run = runOf((message, context) => {
      if (!healthy) throw new Error('ill');
      return create(message, context);
    });
    const batch = ['a', 'b'].map((id) => happened({ id, payload: { text: 'grüße' } }));
    expect(await store.process(EVENTS, batch, run, true)).toMatchObject([
      { state: 'retry' },
      { state: 'waiting' },
    ]);
    healthy = true;
    expect(await store.drain(EVENTS, run, parse)).toBe(2);
    expect(await effects()).toEqual(['a', 'b']);
  });

  it('ends operations while a batch commits the same id, waiting no longer than it says', async () => {
    const store = createStore({ executor });
    const held = Promise.withResolvers<undefined>();
    const batch = executor.transaction(async (tx) => {
      await tx.execute(
        `insert into inbox (subscriber, id, ending, first_sent_at) values ($1, 'a', 'done', now())`,
        [COMMANDS.subscriber],
      );
      await held.promise;
    });
    await until('the insert', async () => (await openTransactions(database.url)) === 1);
    expect(await store.cancel(COMMANDS.subscriber, 'a', { firstSentAt: new Date() })).toBeNull();
    held.resolve(undefined);
    await batch;
    expect(await store.cancel(COMMANDS.subscriber, 'a', { firstSentAt: new Date() })).toMatchObject({
      ending: 'done',
    });
  });

  it('runs relay, schedule and purge', async () => {
    const driver = new RecordingDriver();
    const outbox = createOutbox({
      executor,
      driver,
      listenUrl: database.url,
      scheduleMs: 20,
      log: { warn: () => undefined, error: console.error },
    });
    await outbox.start();
    await outbox.store.write((context) => {
      context.publish(Happened, { key: 'k', n: '1' });
      context.schedule(Happened, { key: 'k', n: '2' }, { id: 's', at: new Date(Date.now() + 50) });
      return Promise.resolve();
    });
    await until('both events', () => driver.stored.length === 2);
    await outbox.stop();
    expect(driver.numbers()).toEqual(['1', '2']);
    expect(await outbox.store.counts()).toMatchObject({ outboxRows: 0, scheduledRows: 0 });
  });

  it('an error that is none of the database is passed on as it is', async () => {
    const mine = new Error('mine');
    await expect(executor.transaction(() => Promise.reject(mine))).rejects.toBe(mine);
    expect(mine).not.toBeInstanceOf(SqlError);
  });
});
