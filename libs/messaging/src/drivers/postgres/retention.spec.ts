import { expect, it } from '@jest/globals';
import type { IncomingMessage } from '../../driver.js';
import { BusDatabase, message, until } from './postgres.fixture.js';

const bus = new BusDatabase();
const done = (): Promise<void> => Promise.resolve();

const kept = async (topic: string): Promise<number> => {
  const [row] = await bus.rows<{ count: number }>(
    `select count(*)::int as count from bus.message m join bus.partition p on p.id = m.part where p.topic = $1`,
    [topic],
  );
  return row?.count ?? 0;
};
const bytes = async (): Promise<number> => {
  const [row] = await bus.rows<{ bytes: number }>(`select sum(bytes)::int as bytes from bus.partition`);
  return row?.bytes ?? 0;
};
const send = async (driver: { send: BusSend }, topic: string, count: number, size = 100): Promise<void> => {
  const results = await driver.send(Array.from({ length: count }, () => message(topic, Buffer.alloc(size))));
  const refused = results.find((error) => error !== undefined);
  if (refused) throw refused;
};
type BusSend = Awaited<ReturnType<typeof bus.start>>['send'];

it('trims what is old and read by every group, and never what one of them has not read', async () => {
  const topic = 'trimmed';
  const options = { retentionMs: 0, trimEveryMs: 50 };
  const driver = await bus.start(topic, ['fast', 'slow'], options);
  await send(driver, topic, 50);
  await driver.subscribe('fast', [topic], done);
  await until('fast has read', async () => lagOf(await driver.lag(), 'fast') === 0);
  await driver.broadcast(
    [topic],
    () => undefined,
    () => undefined,
  );
  await until('a trim', async () => trimmedAfter(await now()));
  expect(await kept(topic)).toBe(50);
  const slow = await driver.subscribe('slow', [topic], done);
  await until('all trimmed', async () => (await kept(topic)) === 0);
  await until('the bytes given back', async () => (await bytes()) === 0);
  await slow.close();
  await send(driver, topic, 1);
  expect((await driver.lag()).find((row) => row.group === 'slow')?.messages).toBe(1);

  async function now(): Promise<Date> {
    const [row] = await bus.rows<{ now: Date }>('select clock_timestamp() as now');
    return row?.now ?? new Date(0);
  }
  async function trimmedAfter(time: Date): Promise<boolean> {
    let found = false;
    await until('trimmed_at moves', async () => {
      const rows = await bus.rows('select from bus.meta where trimmed_at > $1', [time]);
      found = rows.length > 0;
      return found;
    });
    return found;
  }
});

it('no longer keeps messages for a group that was forgotten', async () => {
  const topic = 'forgotten';
  const driver = await bus.start(topic, ['gone'], { retentionMs: 0, trimEveryMs: 50 });
  await send(driver, topic, 5);
  await driver.forgetGroup('gone');
  await until('all trimmed', async () => (await kept(topic)) === 0);
});

it('refuses sends beyond its size, says who is behind, and takes them again once there is room', async () => {
  const topic = 'bounded';
  const driver = await bus.start(topic, ['sleeper'], { maxBytes: 60_000 });
  await send(driver, topic, 300, 150);
  const [error] = await driver.send([message(topic, 'one too many'), message(topic, 'and one more')]);
  expect(error).toMatchObject({ outcome: 'not-stored', permanent: false });
  expect(error?.message).toMatch(/full.*60000.*sleeper is 300 messages behind.*groups forget/s);
  await driver.subscribe('sleeper', [topic], done);
  await until('room again', async () => (await driver.send([message(topic, 'fits')]))[0] === undefined);
});

it('drops what all groups have read before its time when it is nearly full', async () => {
  const topic = 'pressed';
  const driver = await bus.start(topic, ['reader'], { maxBytes: 100_000, trimEveryMs: 50 });
  await driver.subscribe('reader', [topic], done);
  for (let i = 0; i < 20; i += 1) {
    await until(
      'room',
      async () => (await driver.send([message(topic, Buffer.alloc(20_000))]))[0] === undefined,
    );
  }
  expect(await bytes()).toBeLessThanOrEqual(120_000);
});

it('asks a broadcast reader that retention overtook for a resync, and goes on from there', async () => {
  const topic = 'overtaken';
  const driver = await bus.start(topic, [], { retentionMs: 0, trimEveryMs: 50 });
  const heard: IncomingMessage[] = [];
  let resyncs = 0;
  const consumer = await driver.broadcast(
    [topic],
    (m) => heard.push(m),
    () => (resyncs += 1),
  );
  consumer.pause();
  await send(driver, topic, 10);
  await until('all trimmed', async () => (await kept(topic)) === 0);
  await until('a resync', () => resyncs === 2);
  consumer.resume();
  await until('the next message', async () => {
    await driver.send([message(topic, 'next')]);
    return heard.length > 0;
  });
  expect(heard[0]?.body.toString()).toBe('next');
});

const lagOf = (rows: readonly { group: string; messages: number }[], group: string): number | undefined =>
  rows.find((row) => row.group === group)?.messages;
