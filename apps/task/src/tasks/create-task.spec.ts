import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CreateTask } from '@taskwire/contracts';
import { Rejection } from '@taskwire/messaging';
import { CreateTaskHandler } from './create-task.js';
import { type TestStore, commandOf, createTestStore } from './task.fixture.js';

let test: TestStore;
let handler: CreateTaskHandler;
beforeAll(async () => {
  test = await createTestStore();
  handler = new CreateTaskHandler(test.store);
});
afterAll(() => test.drop());

const owner = randomUUID();
function create(overrides: Partial<Parameters<typeof commandOf<typeof CreateTask>>[1]> = {}, actor?: string) {
  const payload = {
    taskId: randomUUID(),
    ownerId: owner,
    title: 'Buy milk',
    description: 'Two litres',
    status: 'todo',
    priority: 'high',
    dueAt: '2026-03-05T10:00:00.000Z',
    remindAt: null,
    labels: ['home', 'shop'],
    ...overrides,
  } as const;
  return commandOf(CreateTask, { ...payload, labels: [...payload.labels] }, actor);
}

describe('creating tasks', () => {
  it('stores the task, answers it and says so', async () => {
    const command = create();
    const { result, published } = await test.handle((context) => handler.createMany([command], context));

    const { taskId, ownerId, ...fields } = command.payload;
    const view = { ...fields, id: taskId, version: 1, completedAt: null };
    expect(result).toEqual([expect.objectContaining(view)]);
    expect(CreateTask.reply.safeParse(result[0]).success).toBe(true);
    expect(await test.store.find(ownerId, taskId)).toMatchObject({
      title: 'Buy milk',
      labels: ['home', 'shop'],
    });

    const { description: _, ...fact } = view;
    expect(published).toEqual([
      {
        type: 'task.created.v1',
        cause: command.id,
        payload: { task: expect.objectContaining({ ...fact, ownerId }) },
      },
    ]);
  });

  it('stores many in their order, each with its own event', async () => {
    const commands = Array.from({ length: 200 }, (_, n) => create({ title: `Task ${n}` }));
    const { result, published } = await test.handle((context) => handler.createMany(commands, context));

    expect(result.map((task) => (task instanceof Rejection ? task.code : task.title))).toEqual(
      commands.map((command) => command.payload.title),
    );
    expect(published.map(({ cause }) => cause)).toEqual(commands.map(({ id }) => id));
  });

  it('says that a task created as done was completed too', async () => {
    const { published } = await test.handle((context) =>
      handler.createMany([create({ status: 'done' })], context),
    );
    expect(published.map(({ type }) => type)).toEqual(['task.created.v1', 'task.completed.v1']);
  });

  it('refuses an id that exists, stored before or in the same batch, and takes the others', async () => {
    const known = create();
    await test.handle((context) => handler.createMany([known], context));
    const fresh = create();
    const again = create({ taskId: fresh.payload.taskId });

    const { result, published } = await test.handle((context) =>
      handler.createMany([create({ taskId: known.payload.taskId }), fresh, again], context),
    );
    expect(result.map((reply) => (reply instanceof Rejection ? reply.code : reply.id))).toEqual([
      'already_exists',
      fresh.payload.taskId,
      'already_exists',
    ]);
    expect(published.map(({ cause }) => cause)).toEqual([fresh.id]);
  });

  it('refuses to create in the name of another, and stores nothing', async () => {
    const command = create({}, randomUUID());
    const { result, published } = await test.handle((context) => handler.createMany([command], context));
    expect(result[0]).toMatchObject({ code: 'forbidden' });
    expect(published).toEqual([]);
    expect(await test.store.find(owner, command.payload.taskId)).toBeNull();
  });
});
