import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  COMMANDS,
  command,
  EVENTS,
  Happened,
  openTestStore,
  runOf,
  type TestStore,
} from './store.fixture.js';
import { makeDead } from './dead-letters/dead-letters.fixture.js';

const subject = randomUUID();
const other = randomUUID();

let db: TestStore;
beforeAll(async () => {
  db = await openTestStore();
});
afterAll(() => db.close());
beforeEach(() => db.clear());

const park = (id: string, key: string | null, owner: string) =>
  db.query(
    `insert into parked_messages (subscriber, id, topic, partition, key, state, attempts, headers, body)
     values ($1, $2, 'thing.events', 0, $3, 'dead', 1, '{}', $4)`,
    [EVENTS.subscriber, id, key, Buffer.from(JSON.stringify({ owner }))],
  );
const idsIn = async (table: string) =>
  (await db.query<{ id: string }>(`select id from ${table} order by id`)).map(({ id }) => id);

describe('erasing', () => {
  it('removes what is parked of a subject: its key as a whole, and what names it without a key', async () => {
    await park('a', subject, subject);
    await park('b', subject, other);
    await park('c', null, subject);
    await park('d', other, other);
    await park('e', null, other);
    await db.store.erase({ subject });
    expect(await idsIn('parked_messages')).toEqual(['d', 'e']);
  });

  it('spares what is being handled', async () => {
    await park('a', subject, subject);
    await park('b', subject, subject);
    await db.store.erase({ subject, except: ['b'] });
    expect(await idsIn('parked_messages')).toEqual(['b']);
  });

  it('takes back what was scheduled, but for what is excepted', async () => {
    const at = new Date(Date.now() + 60_000);
    await db.store.write(({ schedule }) => {
      schedule(Happened, { key: subject, n: 'a' }, { id: 'a', at });
      schedule(Happened, { key: subject, n: 'b' }, { id: 'b', at });
      schedule(Happened, { key: other, n: 'c' }, { id: 'c', at });
      return Promise.resolve();
    });
    await db.store.erase({ subject, except: ['b'] });
    expect(await idsIn('scheduled_messages')).toEqual(['b', 'c']);
  });

  it('forgets replies that name it, and still knows how the commands ended', async () => {
    const replying = runOf(({ id }) => Promise.resolve({ owner: id === 'a' ? subject : other, title: id }));
    await db.store.process(COMMANDS, [command({ id: 'a' }), command({ id: 'b' })], replying, false);
    await db.store.erase({ subject });
    const read = (id: string) => db.store.readOperation(COMMANDS.subscriber, id);
    expect(await read('a')).toMatchObject({ ending: 'done', reply: null });
    expect(await read('b')).toMatchObject({ ending: 'done', reply: { title: 'b' } });
  });

  it('forgets the originals of what operators changed, and keeps that they did', async () => {
    await makeDead(db, ['a']);
    await db.query(`update parked_messages set body = $1`, [Buffer.from(JSON.stringify({ owner: subject }))]);
    await db.store.deadLetters.discard(EVENTS.subscriber, 'a', { actor: 'ada', reason: 'because' });
    await db.store.erase({ subject });
    expect(await db.store.deadLetters.actions({ originals: true })).toMatchObject([
      { action: 'discard', messageId: 'a', original: null },
    ]);
  });
});
