import { expect, it } from '@jest/globals';
import { terminateConnections } from '../../../testing/postgres/terminate-connections.js';
import { BusDatabase, message, until } from './postgres.fixture.js';

const bus = new BusDatabase();

const stored = async (topic: string): Promise<string[]> => {
  const rows = await bus.rows<{ body: Buffer }>(
    'select m.body from bus.message m join bus.partition p on p.id = m.part where p.topic = $1 order by m.part, m.seq',
    [topic],
  );
  return rows.map((row) => row.body.toString());
};

it('numbers messages in commit order without holes, over several publishers and lanes', async () => {
  const drivers = await Promise.all(
    [1, 2].map((lanes) => bus.start('numbers', [], { partitions: 3, lanes })),
  );
  const sends = drivers.flatMap((driver, d) =>
    Array.from({ length: 40 }, (_, i) =>
      driver.send([0, 1, 2].map((p) => message('numbers', `${String(d)}-${String(i)}`, p))),
    ),
  );
  expect((await Promise.all(sends)).flat().filter(Boolean)).toEqual([]);
  const rows = await bus.rows<{ n: number; count: string; low: string; high: string; ordered: boolean }>(
    `select p.n, count(*), min(seq) as low, max(seq) as high, bool_and(at >= before) as ordered from (
       select *, lag(at, 1, '-infinity') over (partition by part order by seq) as before from bus.message) m
     join bus.partition p on p.id = m.part where p.topic = 'numbers' group by 1 order by 1`,
  );
  expect(rows).toEqual([0, 1, 2].map((n) => ({ n, count: '80', low: '1', high: '80', ordered: true })));
});

it('refuses for good what can never be stored, and with it what follows in its partition of that send', async () => {
  const driver = await bus.start('refused', [], { partitions: 2, maxMessageBytes: 100 });
  const results = await driver.send([
    message('refused', 'a0'),
    message('refused', 'x'.repeat(101)),
    message('refused', 'a2'),
    message('refused', 'b0', 1),
    { ...message('refused', 'b1', 1), key: 'nul\0' },
  ]);
  expect(results.map((error) => error && [error.outcome, error.permanent])).toEqual([
    undefined,
    ['not-stored', true],
    ['not-stored', false],
    undefined,
    ['not-stored', true],
  ]);
  expect(await stored('refused')).toEqual(['a0', 'b0']);
});

it('says not-stored when the partition stays locked', async () => {
  const driver = await bus.start('locked');
  const session = await bus.session();
  try {
    await session.query(`begin; select from bus.partition where topic = 'locked' for update`);
    const [error] = await driver.send([message('locked', 'x')]);
    expect(error).toMatchObject({ outcome: 'not-stored', permanent: false });
    expect(error?.cause).toMatchObject({ code: '55P03' });
  } finally {
    await session.end();
  }
  expect(await driver.send([message('locked', 'y')])).toEqual([undefined]);
  expect(await stored('locked')).toEqual(['y']);
});

it('says unknown when the connection dies during the append', async () => {
  const driver = await bus.start('dies');
  const session = await bus.session();
  try {
    await session.query(`begin; select from bus.partition where topic = 'dies' for update`);
    const sending = driver.send([message('dies', 'x')]);
    await until('an append that waits', async () => {
      const rows = await bus.rows(
        `select from pg_stat_activity where application_name like $1 and wait_event_type = 'Lock'`,
        [`taskwire-bus append ${driver.id}%`],
      );
      return rows.length === 1;
    });
    await terminateConnections(session, driver.id);
    const [error] = await sending;
    expect(error).toMatchObject({ outcome: 'unknown', permanent: false });
  } finally {
    await session.end();
  }
  expect(await driver.send([message('dies', 'y')])).toEqual([undefined]);
});

it('says not-stored when no connection can be made', async () => {
  const driver = await bus.start('refusing');
  const name = new URL(bus.url).pathname.slice(1);
  const elsewhere = await bus.session('postgres');
  try {
    await elsewhere.query(`alter database ${name} with allow_connections false`);
    await terminateConnections(elsewhere, driver.id);
    await until('a refused connection', async () => {
      const [error] = await driver.send([message('refusing', 'x')]);
      return error?.outcome === 'not-stored' && /not currently accepting/.test(error.message);
    });
    expect((await driver.health()).up).toBe(false);
  } finally {
    await elsewhere.query(`alter database ${name} with allow_connections true`);
    await elsewhere.end();
  }
  await until(
    'a send that works',
    async () => (await driver.send([message('refusing', 'y')]))[0] === undefined,
  );
  expect((await stored('refusing')).at(-1)).toBe('y');
});

it('waits while too much is unconfirmed, and loses no order by it', async () => {
  const driver = await bus.start('bounded');
  const count = 25_000;
  const sends: Promise<unknown>[] = [];
  for (let i = 0; i < count; i += 1_000) {
    sends.push(driver.send(Array.from({ length: 1_000 }, (_, k) => message('bounded', String(i + k)))));
  }
  await Promise.all(sends);
  const texts = await stored('bounded');
  expect(texts).toHaveLength(count);
  expect(texts.every((text, i) => text === String(i))).toBe(true);
});

it('flushes appends though the session asked not to', async () => {
  const driver = await bus.start('durable', [], { url: `${bus.url}?options=-c%20synchronous_commit%3Doff` });
  expect(await driver.send([message('durable', 'x')])).toEqual([undefined]);
  const [row] = await bus.rows<{ source: string }>(
    `select prosrc as source from pg_proc where proname = 'append' and pronamespace = 'bus'::regnamespace`,
  );
  expect(row?.source).toContain(`set_config('synchronous_commit', 'on', true)`);
});
