import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TaskCreated } from '@taskwire/contracts';
import { messageOf, taskFact } from '@taskwire/testing';
import { createTestService, type TestService } from '../notification.fixture.js';
import type { FeedEntry } from './feed-entry.js';
import { FeedStore } from './feed-store.js';

let service: TestService;
let feed: FeedStore;
beforeAll(async () => {
  service = await createTestService();
  feed = new FeedStore(service.db);
});
afterAll(() => service.drop());

function entryOf(userId: string, title = 'Water the plants'): FeedEntry {
  const task = taskFact({ ownerId: userId, title });
  return { userId, taskId: task.id, title, cause: messageOf(TaskCreated, { task }) };
}

async function append(...entries: FeedEntry[]) {
  const { result } = await service.handle(({ tx }) => feed.append(tx, entries));
  return result;
}

describe('a feed', () => {
  it('numbers the entries of each user from 1 without holes, in the order given', async () => {
    const [ann, bob] = [randomUUID(), randomUUID()];
    await append(entryOf(ann));
    const appended = await append(
      entryOf(ann, 'a2'),
      entryOf(bob, 'b1'),
      entryOf(ann, 'a3'),
      entryOf(bob, 'b2'),
    );

    expect(appended.map(({ number, title }) => [number, title])).toEqual([
      [2, 'a2'],
      [1, 'b1'],
      [3, 'a3'],
      [2, 'b2'],
    ]);
  });

  it('keeps numbers free of holes and doubles when several transactions append at once', async () => {
    const user = randomUUID();
    await Promise.all(Array.from({ length: 20 }, () => append(entryOf(user), entryOf(user))));
    const { entries, last } = await feed.after(user, 0);
    expect(entries.map(({ number }) => number)).toEqual(Array.from({ length: 40 }, (_, index) => index + 1));
    expect(last).toBe(40);
  });

  it('gives numbers of a rolled back transaction again', async () => {
    const user = randomUUID();
    const failing = service.handle(async ({ tx }) => {
      await feed.append(tx, [entryOf(user)]);
      throw new Error('failed after the append');
    });
    await expect(failing).rejects.toThrow('failed after the append');
    expect(await append(entryOf(user))).toMatchObject([{ number: 1 }]);
  });

  it('says what follows a number, at most 1,000 entries at a time, and whether there is more', async () => {
    const user = randomUUID();
    await append(...Array.from({ length: 1_100 }, () => entryOf(user)));

    const first = await feed.after(user, 50);
    expect(first).toMatchObject({ more: true, last: 1_100 });
    expect([first.entries.length, first.entries[0]?.number]).toEqual([1_000, 51]);
    const rest = await feed.after(user, first.entries.at(-1)?.number ?? 0);
    expect([rest.entries.length, rest.more]).toEqual([50, false]);
    expect(await feed.after(user, 1_100)).toEqual({ entries: [], more: false, last: 1_100 });
    expect(await feed.after(randomUUID(), 0)).toEqual({ entries: [], more: false, last: 0 });
  });

  it('never names a last number that is missing among the entries, while others append', async () => {
    const user = randomUUID();
    let appending = true;
    const appends = (async () => {
      for (let count = 0; count < 60; count += 1) await append(entryOf(user));
      appending = false;
    })();
    while (appending) {
      const { entries, last } = await feed.after(user, 0);
      expect(entries.at(-1)?.number ?? 0).toBe(last);
    }
    await appends;
  });

  it('lists the newest first, by page and unread only', async () => {
    const user = randomUUID();
    const appended = await append(...Array.from({ length: 5 }, () => entryOf(user)));
    const read = appended[3]?.id ?? '';
    await service.handle(({ tx }) => feed.markRead(tx, user, read, new Date()));

    const numbers = async (page: Parameters<FeedStore['list']>[1]) =>
      (await feed.list(user, page)).map(({ number }) => number);
    expect(await numbers({ limit: 3 })).toEqual([5, 4, 3]);
    expect(await numbers({ limit: 3, before: 3 })).toEqual([2, 1]);
    expect(await numbers({ limit: 3, unread: true })).toEqual([5, 3, 2]);
    expect(await feed.countUnread(user)).toBe(4);
  });

  it('keeps the time of the first reading, and others away from the entry', async () => {
    const user = randomUUID();
    const [entry] = await append(entryOf(user));
    const markRead = async (reader: string, at: Date) =>
      (await service.handle(({ tx }) => feed.markRead(tx, reader, entry?.id ?? '', at))).result;

    expect(await markRead(randomUUID(), new Date())).toBeNull();
    expect(await markRead(user, new Date('2026-03-01T09:00:00Z'))).toEqual({
      ...entry,
      readAt: '2026-03-01T09:00:00.000Z',
    });
    expect(await markRead(user, new Date('2026-03-01T10:00:00Z'))).toMatchObject({
      readAt: '2026-03-01T09:00:00.000Z',
    });
  });
});
