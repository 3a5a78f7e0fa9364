import { expect, it } from '@jest/globals';
import { terminateConnections } from '../../../testing/postgres/terminate-connections.js';
import { BusDatabase, message, until } from './postgres.fixture.js';

const bus = new BusDatabase();

it('does not accept a commit under an old epoch', async () => {
  const topic = 'epochs';
  const driver = await bus.start(topic, ['workers']);
  await driver.subscribe('workers', [topic], () => Promise.resolve());
  const [held] = await bus.rows<{ sub: number; part: number; epoch: string; position: string }>(
    `select c.* from bus.position c join bus.subscription s on s.id = c.sub where s.topic = 'epochs'`,
  );
  const commit = (epoch: number): Promise<object[]> =>
    bus.rows('select * from bus.commit($1, $2, $3, $4)', [[held?.sub], [held?.part], [epoch], [1]]);
  const epoch = Number(held?.epoch);
  expect(await commit(epoch - 1)).toEqual([]);
  expect(await commit(epoch + 1)).toEqual([]);
  expect(await commit(epoch)).toHaveLength(1);
});

it('starts no work once its heartbeats fail, before others may take over, and goes on when they work again', async () => {
  const topic = 'zombie';
  const driver = await bus.start(topic, ['workers'], { ttlMs: 600, beatMs: 100 });
  const publisher = await bus.start(topic, ['workers']);
  const seen: string[] = [];
  await driver.subscribe('workers', [topic], (messages) => {
    seen.push(...messages.map((m) => m.body.toString()));
    return Promise.resolve();
  });
  await publisher.send([message(topic, 'before')]);
  await until('the first message', () => seen.length === 1);
  const session = await bus.session();
  try {
    await session.query('begin; lock table bus.instance in access exclusive mode');
    await until('a lease that is over by the clock of the database', async () => {
      const { rows } = await session.query<{ over: boolean }>(
        'select clock_timestamp() > until as over from bus.instance where id = $1',
        [driver.id],
      );
      return rows[0]?.over === true;
    });
    await publisher.send([message(topic, 'while it may not')]);
    await until('the message in its buffer', async () => (await fetched(driver.id)) > 0);
    expect(seen).toEqual(['before']);
  } finally {
    await session.end();
  }
  await until('the second message', () => seen.length === 2);

  /** Statements that the data connection has run since: the last one is the fetch. */
  async function fetched(id: string): Promise<number> {
    const rows = await bus.rows(
      `select from pg_stat_activity where application_name like $1 and query like '%bus.message%' and state = 'idle'`,
      [`taskwire-bus data ${id}%`],
    );
    return rows.length;
  }
});

it('keeps a partition over a lost connection that comes back in time, and commits what it had done', async () => {
  const topic = 'restarted';
  const driver = await bus.start(topic, ['workers'], { ttlMs: 8_000 });
  let release = (): void => undefined;
  const running = new Promise<void>((resolve) => (release = resolve));
  let calls = 0;
  const consumer = await driver.subscribe('workers', [topic], () => {
    calls += 1;
    return running;
  });
  await driver.send([message(topic, 'x')]);
  await until('a running call', () => calls === 1);
  const session = await bus.session();
  await terminateConnections(session, driver.id);
  await session.end();
  release();
  await until('its commit', async () => (await driver.lag().catch(() => []))[0]?.messages === 0);
  expect(calls).toBe(1);
  expect(consumer.partitions().get(topic)).toEqual([0]);
});

it('takes over what a dead instance held, after its lease and not before', async () => {
  const topic = 'takeover';
  const [victim, heir] = [await bus.start(topic, ['workers']), await bus.start(topic, ['workers'])];
  await victim.subscribe('workers', [topic], () => Promise.resolve());
  victim.abort();
  const taken = await heir.subscribe('workers', [topic], () => Promise.resolve());
  expect(taken.partitions().size).toBe(0);
  await until('the take-over', () => taken.partitions().size === 1);
  const [row] = await bus.rows<{ over: boolean }>(
    'select until < clock_timestamp() as over from bus.instance where id = $1',
    [victim.id],
  );
  expect(row?.over).toBe(true);
});

it('hands over at once on a clean close, long before the lease ends', async () => {
  const topic = 'handover';
  const settings = { partitions: 4, ttlMs: 60_000, beatMs: 20_000 };
  const [first, second] = [
    await bus.start(topic, ['workers'], settings),
    await bus.start(topic, ['workers'], settings),
  ];
  await first.subscribe('workers', [topic], () => Promise.resolve());
  const consumer = await second.subscribe('workers', [topic], () => Promise.resolve());
  await until('half', () => consumer.partitions().get(topic)?.length === 2);
  await first.close();
  await until('all', () => consumer.partitions().get(topic)?.length === 4);
});

it('hears of each partition that is handed over, also beside the answer to a heartbeat', async () => {
  const topic = 'many-handed-over';
  const settings = { partitions: 32, ttlMs: 60_000, beatMs: 20_000 };
  const drivers = [
    await bus.start(topic, ['workers'], settings),
    await bus.start(topic, ['workers'], settings),
  ];
  const [first, second] = drivers.map(
    (driver) => () => driver.subscribe('workers', [topic], () => Promise.resolve()),
  );
  let kept = await first?.();
  for (const joins of Array.from({ length: 8 }, (_, i) => (i % 2 === 0 ? second : first))) {
    const joined = await joins?.();
    await until('half', () => joined?.partitions().get(topic)?.length === 16);
    await kept?.close();
    kept = joined;
  }
  await until('all', () => kept?.partitions().get(topic)?.length === 32);
});

it('takes a partition from an instance that lives but reads the group no more, as after a lost answer', async () => {
  const topic = 'orphan';
  const [former, heir] = [await bus.start(topic, ['a', 'b']), await bus.start(topic, ['a', 'b'])];
  await former.subscribe('a', [topic], () => Promise.resolve());
  await bus.rows(
    `update bus.position set owner = $1, epoch = 1
     where sub = (select id from bus.subscription where grp = 'b' and topic = $2)`,
    [former.id, topic],
  );
  const consumer = await heir.subscribe('b', [topic], () => Promise.resolve());
  expect(consumer.partitions().get(topic)).toEqual([0]);
});

it('warns of a group that no longer reads a topic, which would hold back retention for ever', async () => {
  const driver = await bus.start('left', ['mover']);
  await driver.declare({
    topics: [{ name: 'joined', partitions: 1, retentionMs: 1_000 }],
    groups: [{ name: 'mover', topics: ['joined'], from: 'now' }],
  });
  expect(bus.warnings.join()).toMatch(/mover no longer reads left.*groups forget mover --topic left$/);
});
