/**
 * An operator's replay, then a drain, in a process that ends itself with SIGKILL at the point that KILL_AT names. It says
 * on standard output that it came there. Without KILL_AT it ends by itself.
 */
import { writeSync } from 'node:fs';
import { createStore, pgExecutor, unwrap } from '@taskwire/outbox';
import { Pool } from 'pg';

const { STORE_URL, KILL_AT, LIMIT } = process.env;

function reach(point) {
  if (point !== KILL_AT) return;
  writeSync(1, point);
  process.kill(process.pid, 'SIGKILL');
}

const pool = new Pool({ connectionString: STORE_URL, max: 4, connectionTimeoutMillis: 5_000 });
const executor = pgExecutor(pool);
let doing = 'replay';

/** As it is, with a look at what happens just before and just after a commit. */
const watched = {
  ...executor,
  transaction: async (work) => {
    const result = await executor.transaction(async (tx) => {
      const done = await work(tx);
      reach(`${doing} before its commit`);
      return done;
    });
    reach(`${doing} after its commit`);
    return result;
  },
};

function parse(headers, body) {
  const { id, partitionkey: key, type } = headers;
  const message = {
    ...{ id, type, key, kind: 'event', topic: 'thing.events', partition: 0, payload: null },
    ...{ actor: null, roles: [], session: null, firstSentAt: new Date(), deadline: null },
    ...{ requestHash: null, sequence: null },
  };
  return { message, fault: null, headers, body, traceId: null };
}

async function take([message], { tx }) {
  await unwrap(tx).query('insert into effects (id, key) values ($1, $2)', [message.id, message.key]);
  reach('drain in its handler');
  return [{ reply: null }];
}

const store = createStore({ executor: watched, settings: { replayPerSecond: 1_000_000 } });
await store.deadLetters.replay({ limit: Number(LIMIT) }, { actor: 'operator' }, { dryRun: false });
doing = 'drain';
const group = { subscriber: 'test.events', afterDead: 'block' };
while ((await store.drain(group, take, parse)) > 0);
await pool.end();
