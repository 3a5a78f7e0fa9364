import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { partitionOf, SendError } from '@taskwire/messaging';
import { createOutbox, type Outbox, type OutboxOptions } from '../outbox.js';
import type { SqlExecutor } from '../sql/executor.js';
import { Happened, openTestStore, RecordingDriver, type TestStore, until } from '../store.fixture.js';
import { Relay } from './relay.js';
import { type RelaySettings, relaySettings } from './settings.js';

let db: TestStore;
const running: Outbox[] = [];

beforeAll(async () => {
  db = await openTestStore();
});
afterAll(() => db.close());
beforeEach(() => db.clear());
afterEach(async () => {
  await Promise.all(running.splice(0).map((outbox) => outbox.stop()));
});

const SHORT: Partial<RelaySettings> = { leaseMs: 400, renewMs: 100, marginMs: 100, pollMs: 60_000 };

const silent = { warn: () => undefined, error: () => undefined };

async function start(driver: RecordingDriver, options: Partial<OutboxOptions> = {}): Promise<Outbox> {
  const outbox = createOutbox({ executor: db.executor, driver, log: silent, relay: SHORT, ...options });
  running.push(outbox);
  await outbox.start();
  return outbox;
}

const publish = (outbox: Pick<Outbox, 'store'>, key: string, ...numbers: (string | number)[]) =>
  outbox.store.write((context) => {
    for (const n of numbers) context.publish(Happened, { key, n: String(n) });
    return Promise.resolve();
  });
const rows = async () => (await db.query<{ n: number }>('select count(*)::int as n from outbox'))[0]?.n;

describe('a relay', () => {
  it('is woken by a commit of its own process, sends in order, and deletes what was confirmed', async () => {
    const driver = new RecordingDriver();
    const outbox = await start(driver);
    await until('the lease', () => owner().then((name) => name !== undefined));
    await publish(outbox, 'k', 1, 2);
    await publish(outbox, 'k', 3);
    await until('three events', () => driver.stored.length === 3);
    expect(driver.numbers()).toEqual(['1', '2', '3']);
    await until('an empty outbox', async () => (await rows()) === 0);
  });

  it('sends the number, the partition of the key, and when the row was stored', async () => {
    const driver = new RecordingDriver();
    const outbox = await start(driver, { source: '/test', partitions: () => 3 });
    await publish(outbox, 'k', 1, 2);
    await until('two events', () => driver.stored.length === 2);
    const [one, two] = driver.stored;
    expect(one).toMatchObject({
      topic: 'thing.events',
      key: 'k',
      partition: partitionOf('k', 3),
      headers: { specversion: '1.0', type: Happened.type, source: '/test', partitionkey: 'k' },
    });
    expect(BigInt(two?.headers['sequence'] ?? 0)).toBeGreaterThan(BigInt(one?.headers['sequence'] ?? 0));
    expect(Date.parse(one?.headers['firstsent'] ?? '')).toBeGreaterThan(0);
    expect(one?.headers['id']).not.toBe(two?.headers['id']);
  });

  it('sends what it was woken for while its lease was over by its own clock and being renewed', async () => {
    const driver = new RecordingDriver();
    const { executor, renewals } = holdingRenewals();
    const relay = new Relay({ executor, driver, log: silent, settings: relaySettings(SHORT) });
    try {
      await publish(db, 'k', 1);
      relay.start();
      await until('an empty outbox', async () => (await rows()) === 0);
      await publish(db, 'k', 2);
      renewals.hold();
      await until('the end of the lease', () => !relay.owns());
      relay.heard('rows');
      await new Promise(setImmediate);
      renewals.release();
      await until('the second event', () => driver.stored.length === 2);
    } finally {
      await relay.stop(1_000);
    }
  });

  it('empties a large outbox pass after pass, never two at once', async () => {
    await publish(db, 'k', ...Array.from({ length: 950 }, (_, i) => i));
    const driver = new RecordingDriver();
    const outbox = await start(driver);
    for (let n = 950; n < 1_000; n++) await publish(outbox, 'k', n);
    await until('all events', () => driver.stored.length === 1_000);
    expect(driver.numbers()).toEqual(Array.from({ length: 1_000 }, (_, i) => String(i)));
    expect(driver.mostRunning).toBe(1);
    // A pass takes 500 at most.
    expect(driver.calls).toBeGreaterThanOrEqual(2);
  });

  it('finds rows by polling when nothing woke it', async () => {
    const driver = new RecordingDriver();
    await start(driver, { relay: { ...SHORT, pollMs: 20 } });
    await until('the lease', () => owner().then((name) => name !== undefined));
    await publish(db, 'k', 1);
    await until('the event', () => driver.stored.length === 1);
  });

  it('sends what is stored before it stops, and gives the lease back', async () => {
    const driver = new RecordingDriver();
    const outbox = await start(driver);
    await until('the lease', () => owner().then((name) => name !== undefined));
    await publish(db, 'k', 1, 2, 3);
    await outbox.stop();
    expect(driver.stored).toHaveLength(3);
    expect(await owner()).toBeUndefined();
  });

  it('stops within its deadline while a send hangs', async () => {
    const driver = new RecordingDriver();
    const hanging = Promise.withResolvers<undefined>();
    driver.before = () => hanging.promise;
    const outbox = await start(driver);
    await until('the lease', () => owner().then((name) => name !== undefined));
    await publish(outbox, 'k', 1);
    await until('the send', () => driver.running === 1);
    await outbox.stop(100);
    expect(await owner()).toBeUndefined();
    hanging.resolve(undefined);
  });
});

describe('rows that can not be sent', () => {
  const [one, other] = keysOfTwoPartitions();

  it('for a while hold up their partition alone, and go in order later', async () => {
    const driver = new RecordingDriver();
    let away = true;
    driver.answer = (message) =>
      away && message.key === one ? new SendError('not-stored', 'away') : undefined;
    const outbox = await start(driver);
    await publish(outbox, one, 1, 2);
    await publish(outbox, other, 3);
    await until('the other partition', () => driver.stored.length === 1);
    expect(driver.numbers()).toEqual(['3']);
    away = false;
    await until('all', () => driver.stored.length === 3);
    expect(driver.numbers()).toEqual(['3', '1', '2']);
  });

  it('are sent again when it is unknown whether they arrived', async () => {
    const driver = new RecordingDriver();
    let unknown = 1;
    driver.answer = () => (unknown-- > 0 ? new SendError('unknown', 'connection lost') : undefined);
    const outbox = await start(driver);
    await publish(outbox, one, 1, 2);
    await until('both', () => driver.stored.length === 2);
    expect(driver.numbers()).toEqual(['1', '2']);
  });

  it('ever are held, and hold only their key', async () => {
    const driver = new RecordingDriver();
    const same = keyOfPartition(partitionOf(one, 8), one);
    driver.answer = (message) =>
      message.body.includes('"bad"') ? new SendError('not-stored', 'too large', true) : undefined;
    const outbox = await start(driver);
    await publish(outbox, one, 1, 'bad', 2);
    await publish(outbox, same, 3);
    await publish(outbox, one, 4);
    await until('an empty outbox', async () => (await rows()) === 0);
    expect(driver.numbers()).toEqual(['1', '3']);
    const held = await db.query<{ n: string; error: string | null }>(
      `select payload::json->>'n' as n, error from outbox_held order by seq`,
    );
    expect(held).toEqual([
      { n: 'bad', error: 'too large' },
      { n: '2', error: null },
      { n: '4', error: null },
    ]);
    expect(await outbox.store.counts()).toMatchObject({ heldRows: 3, outboxRows: 0 });
  });

  it('because the driver throws, or answers nonsense, stay', async () => {
    const driver = new RecordingDriver();
    let broken = 2;
    const send = driver.send.bind(driver);
    driver.send = (messages) => {
      if (broken-- > 1) return Promise.reject(new Error('broken'));
      return broken === 0 ? Promise.resolve([]) : send(messages);
    };
    const outbox = await start(driver);
    await publish(outbox, one, 1);
    await until('the event', () => driver.stored.length === 1);
  });
});

describe('two instances', () => {
  it('send from one only; the other one wakes it by NOTIFY, and takes over at once after a clean stop', async () => {
    const [first, second] = [new RecordingDriver(), new RecordingDriver()];
    const a = await start(first, { listenUrl: db.url });
    await until('the lease', () => owner().then((name) => name !== undefined));
    const b = await start(second, { listenUrl: db.url });
    await publish(b, 'k', 1, 2);
    await until('both events', () => first.stored.length === 2);
    expect(second.stored).toHaveLength(0);
    await a.stop();
    await publish(b, 'k', 3);
    await until('the third', () => second.stored.length === 1);
    expect([...first.numbers(), ...second.numbers()]).toEqual(['1', '2', '3']);
  });

  it('one that loses its lease in the middle of a batch leads to repeats, never to a loss or another order', async () => {
    const broker = new RecordingDriver();
    const stalled = Promise.withResolvers<undefined>();
    const slow = new RecordingDriver();
    slow.before = () => stalled.promise;
    const passOn = slow.send.bind(slow);
    slow.send = async (messages) => {
      await passOn(messages);
      return broker.send(messages);
    };
    const { executor, renewals } = holdingRenewals();
    const a = await start(slow, { executor });
    await until('the lease', () => owner().then((name) => name !== undefined));
    const firstOwner = await owner();
    await publish(a, 'k', 1, 2, 3);
    await until('the stalled send', () => slow.running === 1);
    // As if its process were stopped: it does not renew any more.
    renewals.hold();
    await db.query(`update outbox_lease set owner = 'nobody', until = clock_timestamp() - interval '1 s'`);
    const b = await start(broker, { listenUrl: db.url });
    await until('another owner', async () => ![firstOwner, 'nobody', undefined].includes(await owner()));
    renewals.release();
    await until('the new owner’s events', () => broker.stored.length === 3);
    await publish(b, 'k', 4);
    await until('the next event', () => broker.stored.length === 4);
    stalled.resolve(undefined);
    await until('the late send', () => broker.stored.length === 7);
    await publish(a, 'k', 5);
    await until('the last event', () => broker.numbers().includes('5'));
    const firstCopies = broker.numbers().filter((n, i, all) => all.indexOf(n) === i);
    expect(firstCopies).toEqual(['1', '2', '3', '4', '5']);
    await until('an empty outbox', async () => (await rows()) === 0);
  });
});

/** The database, with renewals of a lease that are answered late. */
function holdingRenewals() {
  let held: PromiseWithResolvers<void> | undefined;
  const executor: SqlExecutor = {
    query: (text, params) => db.executor.query(text, params),
    execute: async (text, params) => {
      if (text.includes('outbox_lease')) await held?.promise;
      return db.executor.execute(text, params);
    },
    transaction: (work, before) => db.executor.transaction(work, before),
  };
  const hold = () => (held = Promise.withResolvers<void>());
  const release = () => held?.resolve();
  return { executor, renewals: { hold, release } };
}

async function owner(): Promise<string | undefined> {
  return (await db.query<{ owner: string }>('select owner from outbox_lease'))[0]?.owner;
}

function keyOfPartition(partition: number, not: string): string {
  for (let i = 0; ; i++) if (partitionOf(`key${i}`, 8) === partition && `key${i}` !== not) return `key${i}`;
}

function keysOfTwoPartitions(): [string, string] {
  return [keyOfPartition(1, ''), keyOfPartition(2, '')];
}
