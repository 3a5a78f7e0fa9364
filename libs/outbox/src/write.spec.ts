import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { InfrastructureError, partitionOf } from '@taskwire/messaging';
import {
  command,
  COMMANDS,
  effect,
  Happened,
  openTestStore,
  runOf,
  type TestStore,
  until,
} from './store.fixture.js';
import { SqlError } from './sql/executor.js';

let db: TestStore;
let wakes = 0;

beforeAll(async () => {
  db = await openTestStore({ onOutgoing: () => (wakes += 1) });
});
afterAll(() => db.close());
beforeEach(() => db.clear());

const outbox = () =>
  db.query<{ seq: string; n: string; headers: Record<string, string> }>(
    `select seq, payload::json->>'n' as n, headers from outbox order by seq`,
  );

describe('a write by HTTP', () => {
  it('stores its rows and its events together, for the actor it names, and wakes the relay', async () => {
    const before = wakes;
    const result = await db.store.write(
      async (context) => {
        await effect(command({ id: 'a' }).message, context);
        context.publish(Happened, { key: 'k', n: '1' });
        return 'result';
      },
      { identity: { actor: 'ada', roles: ['admin', 'user'], session: 's1' } },
    );
    expect(result).toBe('result');
    expect(await db.effects()).toEqual(['a']);
    expect(await outbox()).toMatchObject([
      { n: '1', headers: { actor: 'ada', roles: 'admin,user', session: 's1' } },
    ]);
    expect(wakes).toBe(before + 1);
  });

  it('stores nothing when it fails, and wakes nobody when it emits nothing', async () => {
    const before = wakes;
    const failing = db.store.write(async (context) => {
      await effect(command({ id: 'a' }).message, context);
      context.publish(Happened, { key: 'k', n: '1' });
      throw new RangeError('mine');
    });
    await expect(failing).rejects.toThrow(RangeError);
    await db.store.write((context) => effect(command({ id: 'b' }).message, context));
    expect([await db.effects(), await outbox(), wakes]).toEqual([['b'], [], before]);
  });

  it('refuses an event that does not fit its contract', async () => {
    const wrong = db.store.write((context) => {
      context.publish(Happened, { key: 'k' } as { key: string; n: string });
      return Promise.resolve();
    });
    await expect(wrong).rejects.toThrow('thing.happened.v1: does not fit its contract at /n');
  });

  it('runs again after a collision, and gives up after a few', async () => {
    let runs = 0;
    const collide = (times: number) =>
      db.store.write((context) => {
        if (++runs <= times) throw new SqlError('40001', 'could not serialize');
        return effect(command({ id: 'a' }).message, context);
      });
    await collide(3);
    expect([runs, await db.effects()]).toEqual([4, ['a']]);
    await expect(collide(99)).rejects.toMatchObject({ sqlState: '40001' });
  });

  it('says so when the database is away', async () => {
    const away = db.another({
      executor: { ...db.executor, transaction: () => Promise.reject(new SqlError('08006', 'away')) },
    });
    await expect(away.write(() => Promise.resolve())).rejects.toBeInstanceOf(InfrastructureError);
  });

  it('takes the locks that handlers of other keys take', async () => {
    const order: string[] = [];
    const held = Promise.withResolvers<undefined>();
    const first = db.store.write(
      async () => {
        order.push('first starts');
        await held.promise;
        order.push('first ends');
      },
      { locks: ['row 1'] },
    );
    await until('the first', () => order.length === 1);
    const second = db.store.process(
      COMMANDS,
      [command()],
      runOf(
        () => void order.push('second'),
        () => ['row 1'],
      ),
      false,
    );
    await until('the second to wait', async () => (await waitingLocks()) === 1);
    held.resolve(undefined);
    await Promise.all([first, second]);
    expect(order).toEqual(['first starts', 'first ends', 'second']);
  });
});

describe('outbox numbers', () => {
  it('follow commit order within a partition, whoever writes: what is committed later has a higher number', async () => {
    const keys = ['a', 'b', 'c', 'd', 'e'];
    const seen: string[] = [];
    let writing = true;
    const observe = (async () => {
      while (writing) {
        const rows = await db.query<{ seq: string }>('select seq from outbox order by seq');
        seen.push(rows.map(({ seq }) => seq).join());
      }
    })();
    const publishOne = runOf((message, context) => {
      context.publish(Happened, { key: message.id.slice(0, 1), n: message.id }, message);
    });
    const commands = Array.from({ length: 5 }, async (_, writer) => {
      for (let i = 0; i < 12; i++) {
        const batch = keys.map((key) => command({ id: `${key}-c${writer}-${i}`, partition: writer }));
        await db.store.process(COMMANDS, batch, publishOne, false);
      }
    });
    const writes = Array.from({ length: 3 }, async (_, writer) => {
      for (let i = 0; i < 20; i++) {
        await db.store.write(async ({ publish }) => {
          publish(Happened, { key: keys[(i + writer) % 5] ?? 'a', n: `w${writer}-${i}` });
          return Promise.resolve();
        });
      }
    });
    await Promise.all([...commands, ...writes]);
    writing = false;
    await observe;
    const rows = await db.query<{ seq: string; partition: number }>(
      'select seq, partition from outbox order by seq',
    );
    expect(rows).toHaveLength(5 * 12 * 5 + 3 * 20);
    const partitions = new Map(rows.map(({ seq, partition }) => [seq, partition]));
    expect(new Set(partitions.values())).toEqual(new Set(keys.map((key) => partitionOf(key, 8))));
    // A row that turns up below one that was visible before would have been overtaken on its partition.
    const highest = new Map<number, bigint>();
    const known = new Set<string>();
    for (const snapshot of seen) {
      const fresh = snapshot.split(',').filter((seq) => seq !== '' && !known.has(seq));
      for (const seq of fresh)
        expect(BigInt(seq)).toBeGreaterThan(highest.get(partitions.get(seq) ?? -1) ?? 0n);
      for (const seq of fresh) {
        known.add(seq);
        const partition = partitions.get(seq) ?? -1;
        if (BigInt(seq) > (highest.get(partition) ?? 0n)) highest.set(partition, BigInt(seq));
      }
    }
    expect(seen.length).toBeGreaterThan(10);
  });

  it('grow in the order in which one handler published', async () => {
    const batch = Array.from({ length: 30 }, (_, i) => command({ id: String(i) }));
    const run = runOf((message, context) => {
      context.publish(Happened, { key: 'k', n: message.id }, message);
    });
    await db.store.process(COMMANDS, batch, run, false);
    expect((await outbox()).map(({ n }) => n)).toEqual(batch.map(({ message }) => message.id));
  });
});

async function waitingLocks(): Promise<number> {
  const text = `select count(*)::int as n from pg_locks where locktype = 'advisory' and not granted
    and database = (select oid from pg_database where datname = current_database())`;
  return (await db.query<{ n: number }>(text))[0]?.n ?? 0;
}
