import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createStore, install, pgExecutor } from '@taskwire/outbox';
import { createTestDatabase, type TestDatabase } from '@taskwire/testing';
import { Pool } from 'pg';

const POINTS = [
  'replay before its commit',
  'replay after its commit',
  'drain in its handler',
  'drain before its commit',
  'drain after its commit',
];
const KILLS_EACH = 2;
const MOST_TRIES = 20;
const KEYS = Array.from({ length: 120 }, (_, i) => `key${i}`);
const BEHIND = 2;
const CHILD_LIMIT_MS = 20_000;

let database: TestDatabase;
let pool: Pool;

beforeAll(async () => {
  database = await createTestDatabase();
  pool = new Pool({ connectionString: database.url, connectionTimeoutMillis: 5_000 });
  await install(pgExecutor(pool));
  await pool.query('create table effects (n bigint generated always as identity, id text, key text)');
  // As they stand after a handler's fault: a dead head on each key, and what came after it.
  await pool.query(
    `insert into parked_messages (subscriber, id, topic, partition, key, state, attempts, headers, body)
     select 'test.events', k || '-' || n, 'thing.events', 0, k, case n when 0 then 'dead' else 'waiting' end, 4,
       json_build_object('id', k || '-' || n, 'partitionkey', k, 'type', 'thing.happened.v1'), '{}'
     from generate_series(0, $2::int) n, unnest($1::text[]) k order by n`,
    [KEYS, BEHIND],
  );
});
afterAll(async () => {
  await pool?.end();
  await database?.drop();
});

/** Replays some and drains, in a process of its own; answers the point at which it ended itself, or ''. */
async function operate(limit: number, killAt = ''): Promise<string> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'replay-and-die.js')], {
    env: { ...process.env, NODE_OPTIONS: '', STORE_URL: database.url, KILL_AT: killAt, LIMIT: String(limit) },
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: CHILD_LIMIT_MS,
  });
  let reached = '';
  child.stdout.on('data', (chunk: Buffer) => (reached += chunk.toString()));
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  if (reached === '') expect({ code, signal }).toEqual({ code: 0, signal: null });
  else expect({ reached, signal }).toEqual({ reached: killAt, signal: 'SIGKILL' });
  return reached;
}

/** Beside an operator who ends their work. Only a process that came to its point counts. */
async function killOften(point: string): Promise<void> {
  let kills = 0;
  for (let tries = 0; kills < KILLS_EACH; tries += 1) {
    if (tries === MOST_TRIES) throw new Error(`only ${kills} processes came to: ${point}`);
    const [reached] = await Promise.all([operate(3, point), operate(1)]);
    if (reached !== '') kills += 1;
  }
}

const left = async () =>
  (await pool.query<{ n: number }>('select count(*)::int as n from parked_messages')).rows[0]?.n ?? 0;

describe('a process that is killed while it replays or runs what was replayed', () => {
  it('leaves each message with one effect, in order, and one line of audit for each replay', async () => {
    for (const point of POINTS) await killOften(point);
    const end = performance.now() + CHILD_LIMIT_MS;
    while ((await left()) > 0 && performance.now() < end) await operate(500);

    const { rows } = await pool.query<{ id: string; key: string }>('select id, key from effects order by n');
    for (const key of KEYS) {
      const ofKey = rows.filter((row) => row.key === key).map(({ id }) => id);
      expect(ofKey).toEqual(Array.from({ length: BEHIND + 1 }, (_, n) => `${key}-${n}`));
    }
    expect(rows).toHaveLength(KEYS.length * (BEHIND + 1));
    const store = createStore({ executor: pgExecutor(pool) });
    const actions = await store.deadLetters.actions({ limit: 500 });
    expect(actions.map(({ messageId }) => messageId).sort()).toEqual(KEYS.map((key) => `${key}-0`).sort());
  }, 120_000);
});
