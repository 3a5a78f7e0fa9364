import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { FeedAppended, TaskCompleted, TaskCreated, TaskDeleted, TaskUpdated } from '@taskwire/contracts';
import { FeedStore } from '../feed/feed-store.js';
import { messageOf, taskFact } from '@taskwire/testing';
import { createTestService, type TestService } from '../notification.fixture.js';
import { PreferencesStore } from '../preferences/preferences-store.js';
import { ReminderStore } from '../reminders/reminder-store.js';
import { DeliveryStore } from '../webhooks/delivery-store.js';
import { FollowTasksHandler } from './follow-tasks.js';
import { ErasedUsers } from '../accounts/erased-users.js';
import type { TaskEvent } from './task-event.js';

let service: TestService;
let feed: FeedStore;
let preferences: PreferencesStore;
let handler: FollowTasksHandler;
beforeAll(async () => {
  service = await createTestService();
  feed = new FeedStore(service.db);
  preferences = new PreferencesStore(service.db);
  handler = new FollowTasksHandler(
    feed,
    preferences,
    new ReminderStore(),
    new DeliveryStore(service.db),
    new ErasedUsers(),
  );
});
afterAll(() => service.drop());

function follow(...events: TaskEvent[]) {
  return service.handle((context) => handler.follow(events, context));
}

describe('changes of tasks', () => {
  it('each become an entry of the owner, and tell the gateways so', async () => {
    const task = taskFact();
    const created = messageOf(TaskCreated, { task });
    const completed = messageOf(TaskCompleted, { task: { ...task, version: 2, status: 'done' } });
    const deleted = messageOf(TaskDeleted, { taskId: task.id, ownerId: task.ownerId, title: 'Last title' });
    const { published } = await follow(created, completed, deleted);

    const { entries } = await feed.after(task.ownerId, 0);
    expect(entries).toMatchObject([
      { number: 1, kind: 'task_created', taskId: task.id, title: task.title, readAt: null },
      { number: 2, kind: 'task_completed', taskId: task.id, title: task.title },
      { number: 3, kind: 'task_deleted', taskId: task.id, title: 'Last title' },
    ]);
    expect(published).toEqual(
      [created, completed, deleted].map((cause, index) => ({
        type: FeedAppended.type,
        payload: { userId: task.ownerId, event: cause.type, entry: entries[index] },
        cause: cause.id,
      })),
    );
  });

  it('leave no entry for a user who wants none, and still move the reminder', async () => {
    const task = taskFact({ remindAt: '2026-03-02T09:00:00.000Z' });
    await service.handle(({ tx }) =>
      preferences.save(tx, task.ownerId, { emailReminders: true, taskChanges: false }),
    );
    const { published, schedule } = await follow(messageOf(TaskCreated, { task }));

    expect(published).toEqual([]);
    expect([...schedule.keys()]).toEqual([`reminder:${task.id}`]);
    expect((await feed.after(task.ownerId, 0)).last).toBe(0);
  });

  it('schedule, move and cancel the reminder of a task', async () => {
    const task = taskFact({ remindAt: '2026-03-02T09:00:00.000Z' });
    const id = `reminder:${task.id}`;
    const due = (remindAt: string) => ({
      payload: { userId: task.ownerId, taskId: task.id, remindAt },
      at: new Date(remindAt),
    });
    const set = await follow(messageOf(TaskCreated, { task }));
    expect(set.schedule.get(id)).toEqual(due('2026-03-02T09:00:00.000Z'));

    const moved = { ...task, version: 2, remindAt: '2026-03-05T09:00:00.000Z' };
    const move = await follow(messageOf(TaskUpdated, { task: moved, changed: ['remindAt'] }));
    expect(move.schedule.get(id)).toEqual(due('2026-03-05T09:00:00.000Z'));

    const renamed = { ...moved, version: 3, title: 'New title' };
    const rename = await follow(messageOf(TaskUpdated, { task: renamed, changed: ['title'] }));
    expect(rename.schedule.size).toBe(0);

    const done = await follow(messageOf(TaskCompleted, { task: { ...renamed, version: 4, status: 'done' } }));
    expect(done.schedule.get(id)).toBeNull();

    const deleted = await follow(
      messageOf(TaskDeleted, { taskId: task.id, ownerId: task.ownerId, title: 'x' }),
    );
    expect(deleted.schedule.size).toBe(0);
    expect(await service.db.reminder.count({ where: { taskId: task.id } })).toBe(0);
  });

  it('schedule once what a batch of changes comes to', async () => {
    const userId = randomUUID();
    const [kept, gone] = [taskFact({ ownerId: userId }), taskFact({ ownerId: userId })];
    const remindAt = '2026-03-02T09:00:00.000Z';
    const { schedule } = await follow(
      messageOf(TaskCreated, { task: { ...kept, remindAt } }),
      messageOf(TaskCreated, { task: { ...gone, remindAt } }),
      messageOf(TaskUpdated, {
        task: { ...kept, version: 2, remindAt: '2026-03-04T09:00:00.000Z' },
        changed: ['remindAt'],
      }),
      messageOf(TaskDeleted, { taskId: gone.id, ownerId: userId, title: gone.title }),
    );
    expect([...schedule]).toMatchObject([
      [`reminder:${kept.id}`, { at: new Date('2026-03-04T09:00:00.000Z') }],
    ]);
  });

  it('are not stored of an account that is gone', async () => {
    const task = taskFact({ remindAt: '2027-01-01T00:00:00.000Z' });
    await service.handle(({ tx }) => new ErasedUsers().add(tx, task.ownerId, new Date()));
    const { published, schedule } = await follow(messageOf(TaskCreated, { task }));
    expect([published, [...schedule]]).toEqual([[], []]);
    expect(await service.db.reminder.count({ where: { userId: task.ownerId } })).toBe(0);
  });
});
