import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CompleteTask, CreateTask, DeleteTask, ReopenTask, Task, UpdateTask } from '@taskwire/contracts';
import { type RunningTask, createPayload, startTask } from './service.fixture.js';

let task: RunningTask;
beforeAll(async () => {
  task = await startTask();
});
afterAll(() => task.close());

async function created(ownerId: string, overrides: Parameters<typeof createPayload>[1] = {}) {
  const payload = createPayload(ownerId, overrides);
  expect(await task.request(CreateTask, payload)).toMatchObject({ status: 'done' });
  return payload;
}

describe('a task, from its creation to its end', () => {
  it('is changed by commands, read over HTTP, and each change is an event', async () => {
    const ownerId = randomUUID();
    const { taskId } = await created(ownerId, { labels: ['home'], dueAt: '2026-05-01T10:00:00.000Z' });
    const reference = { taskId, ownerId };

    const first = await task.get(ownerId, `/v1/tasks/${taskId}`);
    expect(first.headers.get('etag')).toBe('"1"');
    expect(Task.parse(first.body)).toMatchObject({
      id: taskId,
      title: 'Buy milk',
      labels: ['home'],
      version: 1,
    });

    const steps = [
      await task.request(UpdateTask, { ...reference, version: 1, changes: { title: 'Buy bread' } }),
      await task.request(CompleteTask, { ...reference, version: null }),
      await task.request(CompleteTask, { ...reference, version: null }),
      await task.request(ReopenTask, { ...reference, version: 3 }),
    ];
    expect(steps).toMatchObject([
      { status: 'done', reply: { title: 'Buy bread', version: 2 } },
      { status: 'done', reply: { status: 'done', version: 3 } },
      { status: 'done', reply: { status: 'done', version: 3 } },
      { status: 'done', reply: { status: 'todo', version: 4, completedAt: null } },
    ]);
    expect((await task.get(ownerId, `/v1/tasks/${taskId}`)).headers.get('etag')).toBe('"4"');

    expect(await task.request(DeleteTask, { ...reference, version: 4 })).toMatchObject({ reply: reference });
    expect(await task.get(ownerId, `/v1/tasks/${taskId}`)).toMatchObject({
      status: 404,
      body: { code: 'not_found' },
    });

    const types = ['created', 'updated', 'completed', 'reopened', 'deleted'];
    expect(await task.events(ownerId, types.length)).toEqual(
      types.map((type) => ({ type: `task.${type}.v1`, actor: ownerId, ownerId })),
    );
  });

  it('refuses a stale version, naming the current one, and writes nothing', async () => {
    const ownerId = randomUUID();
    const { taskId } = await created(ownerId);
    const stale = { taskId, ownerId, version: 2 };
    expect(await task.request(DeleteTask, stale)).toMatchObject({
      status: 'rejected',
      problem: { code: 'version_conflict', detail: 'the current version is 1' },
    });
    expect(await task.events(ownerId, 1)).toHaveLength(1);
  });

  it('is its owner’s: to another it does not exist', async () => {
    const ownerId = randomUUID();
    const { taskId } = await created(ownerId);
    const stranger = randomUUID();
    expect((await task.get(stranger, `/v1/tasks/${taskId}`)).status).toBe(404);
    expect(await task.request(CompleteTask, { taskId, ownerId: stranger, version: null })).toMatchObject({
      status: 'rejected',
      problem: { code: 'not_found' },
    });
    expect(
      await task.request(CompleteTask, { taskId, ownerId, version: null }, { actor: stranger }),
    ).toMatchObject({ status: 'rejected', problem: { code: 'forbidden' } });
    expect((await task.get(stranger, '/v1/tasks')).body.tasks).toEqual([]);
  });
});

describe('a command that is sent again', () => {
  it('has one effect, and the same answer', async () => {
    const ownerId = randomUUID();
    const payload = createPayload(ownerId);
    const options = { id: randomUUID(), requestHash: 'a' };
    const [first, ...others] = await Promise.all(
      [1, 2, 3].map(() => task.request(CreateTask, payload, options)),
    );
    const again = await task.request(CreateTask, payload, options);
    for (const answer of [...others, again]) expect(answer).toMatchObject({ reply: replyOf(first) });
    expect(await task.request(CreateTask, payload, { ...options, requestHash: 'b' })).toEqual({
      status: 'conflict',
    });
    expect((await task.get(ownerId, '/v1/tasks')).body.pagination.total).toBe(1);
    expect(await task.events(ownerId, 1)).toHaveLength(1);
  });

  it('under another id for the same task is refused', async () => {
    const payload = await created(randomUUID());
    expect(await task.request(CreateTask, payload)).toMatchObject({
      status: 'rejected',
      problem: { code: 'already_exists' },
    });
  });

  it('has its end in the inbox, for those who missed the reply', async () => {
    const payload = createPayload(randomUUID());
    const id = randomUUID();
    const firstSentAt = new Date();
    await task.request(CreateTask, payload, { id, firstSentAt });
    const parameters = new URLSearchParams({
      subscriber: 'task.commands',
      owner: payload.ownerId,
      firstSentAt: firstSentAt.toISOString(),
      deadline: new Date(Date.now() + 60_000).toISOString(),
    });
    expect(await task.internal('GET', `/internal/operations/${id}?${parameters.toString()}`)).toMatchObject({
      status: 200,
      body: { status: 'done', reply: { id: payload.taskId } },
    });
  });
});

describe('many commands at once', () => {
  it('are all stored, each owner’s in order', async () => {
    const owners = Array.from({ length: 5 }, () => randomUUID());
    const requests = Array.from({ length: 60 }, (_, n) =>
      created(owners[n % 5] ?? '', { title: `Task ${n}` }),
    );
    await Promise.all(requests);
    for (const ownerId of owners) {
      expect((await task.get(ownerId, '/v1/tasks')).body.pagination.total).toBe(12);
      expect(await task.events(ownerId, 12)).toHaveLength(12);
    }
  });
});

describe('lists', () => {
  const ownerId = randomUUID();
  const titles = ['Apples', 'Bread', 'Cheese', 'Dates', 'Eggs'];
  beforeAll(async () => {
    for (const title of titles) await created(ownerId, { title, priority: title < 'C' ? 'high' : 'low' });
  });
  const list = (query: string) => task.get(ownerId, `/v1/tasks?${query}`);
  const titlesOf = ({ body }: { body: { tasks: { title: string }[] } }) =>
    body.tasks.map(({ title }) => title);

  it('come by page, newest first', async () => {
    const answer = await list('limit=2&page=2');
    expect(titlesOf(answer)).toEqual(['Cheese', 'Bread']);
    expect(answer.body.pagination).toEqual({ page: 2, limit: 2, total: 5, pages: 3 });
  });

  it('come by filter and sort', async () => {
    expect(titlesOf(await list('priority=high&sort=title'))).toEqual(['Apples', 'Bread']);
    expect(titlesOf(await list('q=EE'))).toEqual(['Cheese']);
  });

  it('come by cursor, which stays right while tasks are added in front', async () => {
    const first = await list('limit=2&cursor=');
    await created(ownerId, { title: 'Figs' });
    const second = await list(`limit=2&cursor=${first.body.nextCursor}`);
    const third = await list(`limit=2&cursor=${second.body.nextCursor}`);
    expect([first, second, third].map(titlesOf)).toEqual([
      ['Eggs', 'Dates'],
      ['Cheese', 'Bread'],
      ['Apples'],
    ]);
    expect(third.body).toEqual({ tasks: [expect.anything()], nextCursor: null });
  });

  it.each([
    ['a cursor that is none', 'cursor=nonsense'],
    ['a limit above 100', 'limit=101'],
    ['an unknown sort', 'sort=colour'],
    ['an unknown status', 'status=open'],
  ])('refuse %s', async (_, query) => {
    const { status, body } = await list(query);
    const pointer = `/query/${query.split('=')[0]}`;
    expect({ status, body }).toMatchObject({
      status: 400,
      body: { code: 'validation_failed', errors: [{ pointer }] },
    });
  });

  it('refuse a cursor of another filter', async () => {
    const { body } = await list('limit=1&cursor=');
    expect((await list(`limit=1&q=a&cursor=${body.nextCursor}`)).status).toBe(400);
  });
});

describe('statistics', () => {
  it('count an owner’s tasks', async () => {
    const ownerId = randomUUID();
    const now = Date.now();
    await created(ownerId, {
      status: 'done',
      priority: 'urgent',
      dueAt: new Date(now - 60_000).toISOString(),
    });
    await created(ownerId, { status: 'in_progress', dueAt: '2020-01-01T00:00:00.000Z' });
    await created(ownerId, {
      dueAt: new Date(Math.floor(now / 86_400_000 + 1) * 86_400_000 - 1).toISOString(),
    });
    await created(ownerId, { dueAt: '2999-01-01T00:00:00.000Z' });

    expect((await task.get(ownerId, '/v1/tasks/stats')).body).toEqual({
      total: 4,
      byStatus: { todo: 2, in_progress: 1, done: 1 },
      byPriority: { low: 0, medium: 3, high: 0, urgent: 1 },
      overdue: 1,
      dueToday: 1,
      completionRate: 0.25,
    });
  });

  it('are zero without tasks', async () => {
    const { body } = await task.get(randomUUID(), '/v1/tasks/stats');
    expect(body).toMatchObject({ total: 0, completionRate: 0 });
  });
});

function replyOf(result: Awaited<ReturnType<RunningTask['request']>> | undefined): unknown {
  return result?.status === 'done' ? result.reply : undefined;
}
