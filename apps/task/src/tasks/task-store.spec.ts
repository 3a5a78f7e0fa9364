import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { decodeCursor, encodeCursor } from './task-cursor.js';
import { type TestStore, createTestStore, taskOf } from './task.fixture.js';
import { parseOrder } from './task-listing.js';
import type { Task } from './task.js';

let test: TestStore;
beforeAll(async () => {
  test = await createTestStore();
});
afterAll(() => test.drop());

async function stored(...tasks: Task[]): Promise<void> {
  await test.inTransaction((tx) => test.store.add(tx, tasks));
}

async function titles(
  ownerId: string,
  filter: Parameters<TestStore['store']['count']>[1],
): Promise<string[]> {
  const order = { field: 'title', direction: 'asc' } as const;
  const found = await test.store.list(ownerId, filter, order, { skip: 0, take: 100 });
  expect(await test.store.count(ownerId, filter)).toBe(found.length);
  return found.map((task) => task.title);
}

describe('storing tasks', () => {
  it('keeps every field as it was', async () => {
    const owner = randomUUID();
    const task = taskOf(owner, {
      title: `O'Neill — "naïve" 🚀 \\ %`,
      description: 'a\nb\t{"c":[1]}',
      status: 'done',
      priority: 'urgent',
      dueAt: new Date('2026-03-01T08:00:00.123Z'),
      remindAt: new Date('1999-12-31T23:59:59.999Z'),
      completedAt: new Date('2026-03-02T00:00:00.001Z'),
      labels: ['a,b', '{c}', 'd "e"', ''],
      version: 7,
    });
    await stored(task);
    expect(await test.store.find(owner, task.id)).toEqual(task);
  });

  it('stores many at once, and names those whose id was taken', async () => {
    const owner = randomUUID();
    const [first, second, third] = [taskOf(owner), taskOf(owner), taskOf(owner)];
    await stored(first);
    const added = await test.inTransaction((tx) => test.store.add(tx, [second, first, third]));
    expect(added).toEqual(new Set([second.id, third.id]));
  });

  it('keeps an id from another owner, and the other from the task', async () => {
    const task = taskOf(randomUUID());
    await stored(task);
    const thief = randomUUID();
    const added = await test.inTransaction((tx) => test.store.add(tx, [{ ...task, ownerId: thief }]));
    expect(added.size).toBe(0);
    expect(await test.store.find(thief, task.id)).toBeNull();
    await expect(
      test.inTransaction((tx) => test.store.remove(tx, { ...task, ownerId: thief })),
    ).rejects.toThrow();
    expect(await test.store.find(task.ownerId, task.id)).toEqual(task);
  });
});

describe('filters', () => {
  const owner = randomUUID();
  beforeAll(() =>
    stored(
      taskOf(owner, { title: 'Buy MILK', labels: ['home', 'shop'], dueAt: new Date('2026-03-05T00:00:00Z') }),
      taskOf(owner, { title: 'Drink 100% milk', status: 'done', priority: 'high' }),
      taskOf(owner, { title: 'Report', description: 'about the milk_price', labels: ['work'] }),
      taskOf(owner, { title: String.raw`Path C:\tmp`, dueAt: new Date('2026-03-01T00:00:00Z') }),
      taskOf(randomUUID(), { title: 'Milk of somebody else' }),
    ),
  );

  it.each([
    [{}, ['Buy MILK', 'Drink 100% milk', String.raw`Path C:\tmp`, 'Report']],
    [{ status: 'done' }, ['Drink 100% milk']],
    [{ priority: 'high' }, ['Drink 100% milk']],
    [{ label: 'shop' }, ['Buy MILK']],
    [{ label: 'sho' }, []],
    [{ q: 'milk' }, ['Buy MILK', 'Drink 100% milk', 'Report']],
    [{ q: 'milk  BUY' }, ['Buy MILK']],
    [{ q: '100%' }, ['Drink 100% milk']],
    [{ q: '1%m' }, []],
    [{ q: 'milk_p' }, ['Report']],
    [{ q: 'k_pr' }, ['Report']],
    [{ q: 'y_mil' }, []],
    [{ q: String.raw`c:\t` }, [String.raw`Path C:\tmp`]],
    [{ dueBefore: '2026-03-05T00:00:00.000Z' }, [String.raw`Path C:\tmp`]],
    [{ q: 'milk', status: 'todo', label: 'work' }, ['Report']],
  ] as const)('%j', async (filter, expected) => {
    expect(await titles(owner, filter)).toEqual(expected);
  });
});

describe('order', () => {
  const owner = randomUUID();
  const priorities = ['low', 'medium', 'high', 'urgent'] as const;
  beforeAll(() =>
    stored(
      ...Array.from({ length: 60 }, (_, n) =>
        taskOf(owner, {
          title: `Title ${n % 7} ${n % 2 ? 'ä' : 'Z'}`,
          priority: priorities[(n * 7) % 4] ?? 'low',
          dueAt: n % 3 === 0 ? null : new Date(Date.UTC(2026, 3, (n * 11) % 5)),
          createdAt: new Date(Date.UTC(2026, 2, n % 9)),
          updatedAt: new Date(Date.UTC(2026, 2, n % 4, 0, 0, 0, n % 2)),
        }),
      ),
    ),
  );

  const sorts = ['createdAt', 'updatedAt', 'dueAt', 'priority', 'title'].flatMap((sort) => [
    sort,
    `-${sort}`,
  ]);

  it.each(sorts)('%s is the same by cursor as by page, each task once', async (sort) => {
    const order = parseOrder(sort);
    const all = await test.store.list(owner, {}, order, { skip: 0, take: 100 });
    const byPage = [];
    for (let skip = 0; skip < 60; skip += 7)
      byPage.push(...(await test.store.list(owner, {}, order, { skip, take: 7 })));
    const byCursor: Task[] = [];
    for (let last: Task | undefined; byCursor.length < 60; last = byCursor.at(-1)) {
      const cursor = last && encodeCursor(last, order.field, {}, sort);
      const position = cursor === undefined ? null : decodeCursor(cursor, order.field, {}, sort);
      const page = await test.store.listAfter(owner, {}, order, position, 7);
      expect(page.length).toBeGreaterThan(0);
      byCursor.push(...page);
    }
    const ids = all.map((task) => task.id);
    expect(new Set(ids).size).toBe(60);
    expect(byPage.map((task) => task.id)).toEqual(ids);
    expect(byCursor.map((task) => task.id)).toEqual(ids);
  });

  it('puts tasks without a due time last in both directions', async () => {
    for (const sort of ['dueAt', '-dueAt']) {
      const all = await test.store.list(owner, {}, parseOrder(sort), { skip: 0, take: 100 });
      expect(all.slice(-20).every((task) => task.dueAt === null)).toBe(true);
      expect(all[0]?.dueAt).not.toBeNull();
    }
  });

  it('ranks urgent above high above medium above low', async () => {
    const all = await test.store.list(owner, {}, parseOrder('-priority'), { skip: 0, take: 100 });
    expect([...new Set(all.map((task) => task.priority))]).toEqual(['urgent', 'high', 'medium', 'low']);
  });
});

describe('counts', () => {
  it('are zero without tasks', async () => {
    const now = new Date();
    const counts = await test.store.counts(randomUUID(), now, now, now);
    expect(counts).toEqual({
      total: 0,
      byStatus: { todo: 0, in_progress: 0, done: 0 },
      byPriority: { low: 0, medium: 0, high: 0, urgent: 0 },
      overdue: 0,
      dueInside: 0,
    });
  });
});
