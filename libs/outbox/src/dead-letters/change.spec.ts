import { createHash } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  command,
  COMMANDS,
  EVENTS,
  happened,
  openTestStore,
  parse,
  runOf,
  type TestStore,
  writing,
} from '../store.fixture.js';
import { ADA, makeDead } from './dead-letters.fixture.js';

let db: TestStore;

beforeAll(async () => {
  db = await openTestStore({ settings: { retryMs: [0] } });
});
afterAll(() => db.close());
beforeEach(() => db.clear());

const letters = () => db.store.deadLetters;
const { subscriber } = EVENTS;
const hash = (body: Buffer) => createHash('sha256').update(body).digest('hex');
const OLD = Buffer.from(JSON.stringify({ key: 'owner', n: 'a' }));
const NEW = Buffer.from(JSON.stringify({ key: 'owner', n: 'new' }));
const WHY = { ...ADA, reason: 'because' };
const seen: unknown[] = [];
const reading = runOf((message) => seen.push(message.payload));

describe('discarding', () => {
  it('removes a message for good: the next of its key becomes due, and a copy does not run', async () => {
    await makeDead(db, ['a', 'b', 'c']);
    expect(await letters().discard(subscriber, 'a', WHY)).toBe(true);
    expect(await letters().discard(subscriber, 'a', WHY)).toBe(false);
    expect(await db.store.drain(EVENTS, writing, parse)).toBe(2);
    expect(await db.store.process(EVENTS, [happened({ id: 'a' })], writing, false)).toMatchObject([
      { ending: 'failed', repeated: true },
    ]);
    expect(await db.effects()).toEqual(['b', 'c']);
  });

  it('out of the middle leaves the others in their places', async () => {
    await makeDead(db, ['a', 'b', 'c']);
    expect(await letters().discard(subscriber, 'b', WHY)).toBe(true);
    expect(await letters().list()).toMatchObject([
      { id: 'a', state: 'dead' },
      { id: 'c', state: 'waiting' },
    ]);
  });

  it('keeps what was removed, for a while, and who did it', async () => {
    await makeDead(db, ['a']);
    await letters().discard(subscriber, 'a', WHY);
    expect(await letters().actions({ originals: true })).toMatchObject([
      {
        ...{ action: 'discard', subscriber, messageId: 'a', actor: 'ada', reason: 'because' },
        ...{ hashBefore: hash(OLD), hashAfter: null, traceId: 'trace-1' },
        original: { headers: { type: 'thing.happened.v1' }, body: OLD },
      },
    ]);
  });

  it('takes a failed command too: its caller still learns how it ended', async () => {
    await db.store.process(
      COMMANDS,
      [command({ id: 'a' })],
      runOf(() => Promise.reject(new Error('no'))),
      true,
    );
    expect(await letters().discard(COMMANDS.subscriber, 'a', WHY)).toBe(true);
    expect(await db.store.readOperation(COMMANDS.subscriber, 'a')).toMatchObject({
      ending: 'failed',
      problem: { code: 'failed' },
    });
  });

  it('by two operators at once happens once', async () => {
    await makeDead(db, ['a', 'b']);
    const other = db.another().deadLetters;
    const found = await Promise.all([
      letters().discard(subscriber, 'a', WHY),
      other.discard(subscriber, 'a', WHY),
    ]);
    expect(found.sort()).toEqual([false, true]);
    expect(await letters().actions()).toHaveLength(1);
  });
});

describe('editing', () => {
  const edit = (id: string, body = NEW) =>
    letters().edit(subscriber, id, ({ headers }) => ({ headers: { ...headers, edited: 'yes' }, body }), WHY);

  it('replaces the payload in its place, and the next run takes it', async () => {
    await makeDead(db, ['a', 'b']);
    const [before] = await letters().list();
    expect(await edit('a')).toEqual({ bodyHash: hash(NEW) });
    expect((await letters().list())[0]).toEqual(before);
    expect(await letters().read(subscriber, 'a')).toMatchObject({ body: NEW, headers: { edited: 'yes' } });
    await letters().replay({}, ADA, { dryRun: false });
    seen.length = 0;
    expect(await db.store.drain(EVENTS, reading, parse)).toBe(2);
    expect(seen).toEqual([
      { key: 'owner', n: 'new' },
      { key: 'owner', n: 'b' },
    ]);
  });

  it('keeps the original bytes beside it, of each edit', async () => {
    await makeDead(db, ['a']);
    await edit('a');
    await edit('a', OLD);
    expect(await letters().actions({ originals: true })).toMatchObject([
      { action: 'edit', hashBefore: hash(NEW), hashAfter: hash(OLD), original: { body: NEW } },
      { action: 'edit', hashBefore: hash(OLD), hashAfter: hash(NEW), original: { body: OLD } },
    ]);
  });

  it('works on what could not be decoded, whatever its bytes', async () => {
    const bytes = {
      ...happened({ id: 'a', fault: { code: 'undecodable', detail: 'x' } }),
      body: Buffer.of(0, 255),
    };
    await db.store.process(EVENTS, [bytes], writing, true);
    expect(await letters().list()).toMatchObject([{ state: 'dead', key: null, reason: 'undecodable' }]);
    await edit('a');
    await letters().replay({}, ADA, { dryRun: false });
    expect(await db.store.drain(EVENTS, writing, parse)).toBe(1);
    expect(await db.effects()).toEqual(['a']);
    expect(await letters().actions({ action: 'edit', originals: true })).toMatchObject([
      { original: { body: Buffer.of(0, 255) } },
    ]);
  });

  it('works on one that waits behind another', async () => {
    await makeDead(db, ['a', 'b']);
    await edit('b');
    expect((await letters().list()).map(({ state }) => state)).toEqual(['dead', 'waiting']);
  });

  it('changes nothing when the new payload is refused', async () => {
    await makeDead(db, ['a']);
    const refuse = () => {
      throw new RangeError('does not fit');
    };
    await expect(letters().edit(subscriber, 'a', refuse, WHY)).rejects.toThrow(RangeError);
    expect(await letters().read(subscriber, 'a')).toMatchObject({ body: OLD });
    expect(await letters().actions()).toEqual([]);
  });

  it('is refused for a command that ended, and for what is not there', async () => {
    await db.store.process(
      COMMANDS,
      [command({ id: 'c' })],
      runOf(() => Promise.reject(new Error('no'))),
      true,
    );
    expect(await letters().edit(COMMANDS.subscriber, 'c', (message) => message, WHY)).toBe('ended');
    expect(await edit('z')).toBe('unknown');
    expect(await letters().actions()).toEqual([]);
  });

  it('of two operators at once, the second sees what the first wrote', async () => {
    await makeDead(db, ['a']);
    const bodies: string[] = [];
    const append = (by: TestStore['store'], text: string) =>
      by.deadLetters.edit(
        subscriber,
        'a',
        ({ headers, body }) => {
          bodies.push(body.toString());
          return { headers, body: Buffer.from(`${body.toString()}${text}`) };
        },
        WHY,
      );
    await Promise.all([append(db.store, '1'), append(db.another(), '2')]);
    expect(new Set(bodies).size).toBe(2);
    expect((await letters().read(subscriber, 'a'))?.body.toString()).toHaveLength(OLD.length + 2);
  });

  it('while it runs waits until it ran', async () => {
    await makeDead(db, ['a']);
    await letters().replay({}, ADA, { dryRun: false });
    const started = Promise.withResolvers<void>();
    const finish = Promise.withResolvers<void>();
    const slow = runOf(async () => {
      started.resolve();
      await finish.promise;
    });
    const draining = db.store.drain(EVENTS, slow, parse);
    await started.promise;
    const edited = edit('a');
    finish.resolve();
    expect(await draining).toBe(1);
    expect(await edited).toBe('unknown');
  });
});

describe('what operators did', () => {
  it('is listed newest first, filtered, in pages, without what it was about', async () => {
    await makeDead(db, ['a', 'b', 'c']);
    for (const id of ['a', 'b']) await letters().discard(subscriber, id, WHY);
    await letters().edit(subscriber, 'c', ({ headers }) => ({ headers, body: NEW }), { actor: 'eve' });
    const list = async (filter: Parameters<ReturnType<typeof letters>['actions']>[0]) =>
      (await letters().actions(filter)).map(({ messageId }) => messageId);
    expect(await list({})).toEqual(['c', 'b', 'a']);
    expect(await list({ action: 'discard' })).toEqual(['b', 'a']);
    expect(await list({ actor: 'eve' })).toEqual(['c']);
    expect(await list({ subscriber, messageId: 'a' })).toEqual(['a']);
    expect(await list({ subscriber: 'other' })).toEqual([]);
    const [first] = await letters().actions({ limit: 1 });
    expect(await list({ before: first?.seq ?? '', limit: 1 })).toEqual(['b']);
    expect(first?.original).toBeNull();
  });
});
