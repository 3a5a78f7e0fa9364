import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { CompleteTask, DeleteTask, ReopenTask, UpdateTask } from '@taskwire/contracts';
import type { HandlerContext } from '@taskwire/messaging';
import { CompleteTaskHandler } from './complete-task.js';
import { DeleteTaskHandler } from './delete-task.js';
import { ReopenTaskHandler } from './reopen-task.js';
import { type TestStore, commandOf, createTestStore, taskOf } from './task.fixture.js';
import type { Task } from './task.js';
import { UpdateTaskHandler } from './update-task.js';

let test: TestStore;
let task: Task;
beforeAll(async () => {
  test = await createTestStore();
});
beforeEach(async () => {
  task = await stored();
});
afterAll(() => test.drop());

async function stored(overrides: Partial<Task> = {}): Promise<Task> {
  const made = taskOf(randomUUID(), { labels: ['home'], ...overrides });
  await test.inTransaction((tx) => test.store.add(tx, [made]));
  return made;
}

type Target = Pick<Task, 'id' | 'ownerId'>;
type Changes = (typeof UpdateTask.payload)['_zod']['output']['changes'];
const reference = ({ id, ownerId }: Target, version: number | null) => ({ taskId: id, ownerId, version });

function update(target: Target, changes: Changes, version: number | null = 1, actor?: string) {
  const command = commandOf(UpdateTask, { ...reference(target, version), changes }, actor);
  return test.handle((context) => new UpdateTaskHandler(test.store).update(command, context));
}
function complete(target: Target, version: number | null = null, actor?: string) {
  const command = commandOf(CompleteTask, reference(target, version), actor);
  return test.handle((context) => new CompleteTaskHandler(test.store).complete(command, context));
}
function reopen(target: Target, version: number | null = null, actor?: string) {
  const command = commandOf(ReopenTask, reference(target, version), actor);
  return test.handle((context) => new ReopenTaskHandler(test.store).reopen(command, context));
}
function remove(target: Target, version: number | null = 1, actor?: string) {
  const command = commandOf(DeleteTask, reference(target, version), actor);
  return test.handle((context: HandlerContext) => new DeleteTaskHandler(test.store).delete(command, context));
}
const typesOf = ({ published }: { published: readonly { type: string }[] }) =>
  published.map(({ type }) => type);

describe.each([
  [
    'update',
    (target: Target, version: number | null, actor?: string) =>
      update(target, { title: 'x' }, version, actor),
  ],
  ['complete', complete],
  ['reopen', reopen],
  ['delete', remove],
])('to %s', (_, change: (target: Target, version: number | null, actor?: string) => Promise<unknown>) => {
  it('a task that does not exist is refused', async () => {
    await expect(change({ ...task, id: randomUUID() }, null)).rejects.toMatchObject({ code: 'not_found' });
  });

  it("another user's task is as if it did not exist", async () => {
    const stranger = randomUUID();
    await expect(change({ ...task, ownerId: stranger }, null)).rejects.toMatchObject({ code: 'not_found' });
    await expect(change(task, null, stranger)).rejects.toMatchObject({ code: 'forbidden' });
    expect(await test.store.find(task.ownerId, task.id)).toEqual(task);
  });

  it('another version than the current one is refused, which is named', async () => {
    const error = { code: 'version_conflict', detail: 'the current version is 1' };
    await expect(change(task, 2)).rejects.toMatchObject(error);
    expect(await test.store.find(task.ownerId, task.id)).toEqual(task);
  });
});

describe('updating', () => {
  it('changes what is named, clears what is null, keeps the rest', async () => {
    const dated = await stored({ description: 'text', dueAt: new Date('2026-04-01T00:00:00Z') });
    const changes = {
      title: 'Buy bread',
      dueAt: null,
      remindAt: '2026-05-01T10:00:00.000Z',
      labels: ['shop'],
    };
    const { result, published } = await update(dated, changes);

    expect(result).toMatchObject({ ...changes, description: 'text', version: 2 });
    const after = await test.store.find(dated.ownerId, dated.id);
    expect(after).toMatchObject({
      title: 'Buy bread',
      dueAt: null,
      remindAt: new Date(changes.remindAt),
      version: 2,
    });
    expect(published).toMatchObject([
      {
        type: 'task.updated.v1',
        payload: {
          changed: ['title', 'dueAt', 'remindAt', 'labels'],
          task: { version: 2, title: 'Buy bread' },
        },
      },
    ]);
  });

  it('with what it holds already changes nothing and says nothing', async () => {
    const { result, published } = await update(task, { title: task.title, labels: ['home'] });
    expect(result.version).toBe(1);
    expect(published).toEqual([]);
  });

  it('the status alone is a completion, and back a reopening', async () => {
    expect(typesOf(await update(task, { status: 'done' }))).toEqual(['task.completed.v1']);
    expect(typesOf(await update(task, { status: 'in_progress' }, 2))).toEqual(['task.reopened.v1']);
    expect(typesOf(await update(task, { status: 'todo' }, 3))).toEqual(['task.updated.v1']);
  });

  it('the status beside other fields is both', async () => {
    const { published } = await update(task, { status: 'done', title: 'Bought' });
    expect(published).toMatchObject([
      { type: 'task.updated.v1', payload: { changed: ['title'] } },
      { type: 'task.completed.v1', payload: { task: { title: 'Bought', status: 'done' } } },
    ]);
  });
});

describe('completing', () => {
  it('happens once: of a done task it answers the task unchanged, without an event', async () => {
    const first = await complete(task);
    expect(first.result).toMatchObject({ status: 'done', version: 2, completedAt: expect.any(String) });
    expect(typesOf(first)).toEqual(['task.completed.v1']);
    expect(await complete(task)).toEqual({ result: first.result, published: [] });
  });
});

describe('reopening', () => {
  it('makes a done task one to do', async () => {
    await complete(task);
    const { result, published } = await reopen(task, 2);
    expect(result).toMatchObject({ status: 'todo', version: 3, completedAt: null });
    expect(typesOf({ published })).toEqual(['task.reopened.v1']);
  });

  it('of a task that is not done changes nothing', async () => {
    expect(await reopen(task)).toMatchObject({ result: { status: 'todo', version: 1 }, published: [] });
  });
});

describe('deleting', () => {
  it('removes the task, and tells its title to those who want to name it', async () => {
    const { result, published } = await remove(task);
    const gone = { taskId: task.id, ownerId: task.ownerId };
    expect(result).toEqual(gone);
    expect(published).toMatchObject([{ type: 'task.deleted.v1', payload: { ...gone, title: task.title } }]);
    expect(await test.store.find(task.ownerId, task.id)).toBeNull();
  });
});

describe('changes at the same moment', () => {
  it('come one after the other: the second sees the first', async () => {
    const results = await Promise.allSettled([
      update(task, { title: 'first' }, 1),
      update(task, { title: 'second' }, 1),
      complete(task),
      complete(task),
    ]);
    expect(results.filter(({ status }) => status === 'rejected').length).toBeGreaterThanOrEqual(1);
    const after = await test.store.find(task.ownerId, task.id);
    const accepted = results.flatMap((r) => (r.status === 'fulfilled' ? typesOf(r.value) : []));
    expect(after?.version).toBe(1 + accepted.length);
    expect(accepted.filter((type) => type === 'task.completed.v1')).toHaveLength(1);
  });
});
