import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  type Delivery,
  InfrastructureError,
  partitionOf,
  Rejection,
  type Run,
  SendError,
} from '@taskwire/messaging';
import { Pool } from 'pg';
import { createOutbox, type Outbox } from './outbox.js';
import type { OutboxStore } from './outbox-store.js';
import {
  command,
  COMMANDS,
  effect,
  EVENTS,
  Happened,
  happened,
  openTestStore,
  parse,
  RecordingDriver,
  runOf,
  type TestStore,
  until,
} from './store.fixture.js';
import { pgExecutor } from './sql/pg-executor.js';

const SEED = Number(process.env['STRESS_SEED'] ?? 20_261_121);
const KEYS = 12;
const PER_KEY = 40;

let db: TestStore;

beforeAll(async () => {
  db = await openTestStore();
});
afterAll(() => db.close());

/** Mulberry32: the same run for the same seed, as far as the timing of a database allows. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

interface Instance {
  readonly pool: Pool;
  readonly outbox: Outbox;
}

function instance(driver: RecordingDriver): Instance {
  const pool = new Pool({ connectionString: db.url, max: 5, connectionTimeoutMillis: 5_000 });
  pool.on('error', () => undefined);
  const outbox = createOutbox({
    executor: pgExecutor(pool),
    driver,
    listenUrl: db.url,
    log: { warn: () => undefined, error: () => undefined },
    settings: { retryMs: [1, 5, 5, 5, 5, 5, 5, 5], processKills: 1_000 },
    relay: { leaseMs: 500, renewMs: 100, marginMs: 100, pollMs: 50 },
  });
  return { pool, outbox };
}

/** A log of one partition as a broker would deliver it: from the first unsettled message on, in batches, again after a fault. */
async function consume(
  log: readonly Delivery[],
  store: () => OutboxStore,
  run: Run,
  random: () => number,
): Promise<void> {
  let next = 0;
  const attempts = new Map<string, number>();
  const end = performance.now() + 40_000;
  while (next < log.length && performance.now() < end) {
    // Some of what was settled is delivered once more, as after a crash before the acknowledgement.
    const from = Math.max(0, next - Math.floor(random() * 10));
    const batch = log.slice(from, next + 1 + Math.floor(random() * 30));
    const exhausted = batch.filter(({ message }) => (attempts.get(message.id) ?? 0) >= 2);
    const part = exhausted.length > 0 ? exhausted : batch;
    const group = part[0]?.message.kind === 'command' ? COMMANDS : EVENTS;
    try {
      const outcomes = await store().process(group, part, run, exhausted.length > 0);
      for (const [i, outcome] of outcomes.entries()) {
        const id = part[i]?.message.id ?? '';
        if (outcome.kind === 'again' && outcome.error !== undefined)
          attempts.set(id, (attempts.get(id) ?? 0) + 1);
        else if (outcome.kind !== 'again') attempts.delete(id);
      }
      if (exhausted.length > 0) continue;
      const stuck = outcomes.findIndex((outcome) => outcome.kind === 'again');
      next = stuck === -1 ? Math.max(next, from + part.length) : Math.max(next, from + stuck);
    } catch (error) {
      if (!(error instanceof InfrastructureError)) throw error;
      await delay(5);
    }
  }
  if (next < log.length)
    throw new Error(`one partition was not consumed within 40 s: ${next} of ${log.length}`);
}

describe(`under load, faults and lost connections (STRESS_SEED=${SEED})`, () => {
  it('every effect happens once, in order per key; every event is sent, first copies in order; every command ends', async () => {
    const random = randomOf(SEED);
    const driver = new RecordingDriver();
    driver.answer = () => {
      const fate = random();
      return fate < 0.02 ? new SendError('not-stored', 'refused') : undefined;
    };
    const instances = [instance(driver), instance(driver), instance(driver)];
    const anyStore = () => (instances[Math.floor(random() * instances.length)] as Instance).outbox.store;
    await Promise.all(instances.map(({ outbox }) => outbox.start()));

    const logs = new Map<string, Delivery[]>();
    for (let n = 0; n < PER_KEY; n++) {
      for (let k = 0; k < KEYS; k++) {
        const make = k % 2 === 0 ? command : happened;
        const delivery = make({ id: `${k}.${String(n).padStart(3, '0')}`, key: `key${k}` });
        const place = `${delivery.message.topic}/${delivery.message.partition}`;
        logs.set(place, [...(logs.get(place) ?? []), delivery]);
      }
    }
    const run = runOf(async (message, context) => {
      if (random() < 0.03) throw new Error('no luck before a write');
      context.publish(Happened, { key: message.key ?? '', n: message.id }, message);
      await effect(message, context);
      if (random() < 0.03) throw new Error('no luck after a write');
      if (message.kind === 'command' && message.id.endsWith('7')) throw new Rejection('sevens');
    });

    let working = true;
    const drains = instances.map(async ({ outbox }) => {
      while (working) {
        await outbox.store.drain(EVENTS, run, parse).catch(() => 0);
        await delay(2);
      }
    });
    let killed = 0;
    const chaos = (async () => {
      while (working) {
        await delay(40);
        const gone = await db.query(`select pg_terminate_backend(pid) from pg_stat_activity
          where datname = current_database() and pid <> pg_backend_pid() and application_name = '' and state <> 'idle' order by random() limit 1`);
        killed += gone.length;
      }
    })();
    await Promise.all([...logs.values()].map((log) => consume(log, anyStore, run, random)));
    await until(
      'all parked messages to be drained',
      async () => (await db.query(`select 1 from parked_messages where state <> 'dead'`)).length === 0,
    );
    working = false;
    await Promise.all([...drains, chaos]);
    await until('an empty outbox', async () => (await db.query('select 1 from outbox limit 1')).length === 0);
    await Promise.all(instances.map(({ outbox }) => outbox.stop()));
    await Promise.all(instances.map(({ pool }) => pool.end()));

    const dead = new Set(
      (await db.query<{ id: string }>(`select id from parked_messages`)).map(({ id }) => id),
    );
    const endings = await db.query<{ id: string; ending: string }>('select id, ending from inbox');
    const done = endings.filter(({ ending }) => ending === 'done').map(({ id }) => id);
    const effects = await db.effects();
    expect(effects).toHaveLength(done.length);
    expect(new Set(effects)).toEqual(new Set(done));
    const all = [...logs.values()].flat().map(({ message }) => message);
    const ended = new Set(endings.map(({ id }) => id));
    expect(all.filter(({ id }) => !ended.has(id) && !dead.has(id))).toEqual([]);

    const sent = driver.numbers();
    const firstCopies = sent.filter((id, i) => sent.indexOf(id) === i);
    expect(new Set(firstCopies)).toEqual(new Set(done));
    for (let k = 0; k < KEYS; k++) {
      const ofKey = (ids: readonly string[]) => ids.filter((id) => id.startsWith(`${k}.`));
      expect(ofKey(effects)).toEqual(ofKey(effects).toSorted());
      expect(ofKey(firstCopies)).toEqual(ofKey(effects));
    }
    for (const message of driver.stored) expect(message.partition).toBe(partitionOf(message.key, 8));
    expect(killed).toBeGreaterThan(0);
  }, 60_000);
});
