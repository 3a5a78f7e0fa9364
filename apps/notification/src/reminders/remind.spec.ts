import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ReminderDue, TaskCompleted, TaskCreated, type TaskFact, TaskUpdated } from '@taskwire/contracts';
import { FeedStore } from '../feed/feed-store.js';
import { EmailStore } from '../mail/email-store.js';
import { messageOf, taskFact } from '@taskwire/testing';
import { createTestService, type TestService } from '../notification.fixture.js';
import { PreferencesStore } from '../preferences/preferences-store.js';
import { FollowTasksHandler } from '../tasks/follow-tasks.js';
import type { TaskEvent } from '../tasks/task-event.js';
import { ErasedUsers } from '../accounts/erased-users.js';
import { DeliveryStore } from '../webhooks/delivery-store.js';
import { ReminderStore } from './reminder-store.js';
import { RemindHandler } from './remind.js';

const REMIND_AT = '2026-03-02T09:00:00.000Z';

let service: TestService;
let feed: FeedStore;
let preferences: PreferencesStore;
let tasks: FollowTasksHandler;
let handler: RemindHandler;
beforeAll(async () => {
  service = await createTestService();
  feed = new FeedStore(service.db);
  preferences = new PreferencesStore(service.db);
  const reminders = new ReminderStore();
  tasks = new FollowTasksHandler(
    feed,
    preferences,
    reminders,
    new DeliveryStore(service.db),
    new ErasedUsers(),
  );
  handler = new RemindHandler(reminders, feed, preferences, new EmailStore(service.db));
});
afterAll(() => service.drop());

const dueOf = ({ id, ownerId }: TaskFact, remindAt = REMIND_AT) =>
  messageOf(ReminderDue, { userId: ownerId, taskId: id, remindAt });

async function known(task: TaskFact, ...more: TaskEvent[]): Promise<TaskFact> {
  const events = [messageOf(TaskCreated, { task }), ...more];
  await service.handle((context) => tasks.follow(events, context));
  return task;
}

async function remind(...events: ReturnType<typeof dueOf>[]) {
  return service.handle((context) => handler.remind(events, context));
}

async function remindersGiven({ ownerId }: TaskFact) {
  const { entries } = await feed.after(ownerId, 0);
  return entries.filter(({ kind }) => kind === 'task_reminder');
}

describe('when the time of a reminder has come', () => {
  it('the owner finds it in the feed and gets an email', async () => {
    const task = await known(taskFact({ remindAt: REMIND_AT, title: 'Call Bob' }));
    const { published } = await remind(dueOf(task));

    expect(await remindersGiven(task)).toMatchObject([{ number: 2, taskId: task.id, title: 'Call Bob' }]);
    expect(published).toMatchObject([{ payload: { event: 'notification.reminder.due.v1' } }]);
    expect(await service.db.email.findMany({ where: { userId: task.ownerId } })).toMatchObject([
      {
        state: 'pending',
        attempts: 0,
        content: { template: 'reminder', title: 'Call Bob', remindAt: REMIND_AT },
      },
    ]);
  });

  it('it is given once, however often the event comes', async () => {
    const task = await known(taskFact({ remindAt: REMIND_AT }));
    await remind(dueOf(task), dueOf(task));
    await remind(dueOf(task));
    expect(await remindersGiven(task)).toHaveLength(1);
    expect(await service.db.email.count({ where: { userId: task.ownerId } })).toBe(1);
  });

  it('nothing is given for a task that is done, gone, or has another time now', async () => {
    const done = taskFact({ remindAt: REMIND_AT });
    await known(done, messageOf(TaskCompleted, { task: { ...done, version: 2, status: 'done' } }));
    const moved = taskFact({ remindAt: REMIND_AT });
    const remindAt = '2026-03-09T09:00:00.000Z';
    await known(
      moved,
      messageOf(TaskUpdated, { task: { ...moved, version: 2, remindAt }, changed: ['remindAt'] }),
    );
    const { published } = await remind(dueOf(done), dueOf(moved), dueOf(taskFact()));

    expect(published).toEqual([]);
    await remind(dueOf(moved, remindAt));
    expect(await remindersGiven(moved)).toHaveLength(1);
  });

  it('no email is written for a user who wants none', async () => {
    const task = await known(taskFact({ remindAt: REMIND_AT }));
    await service.handle(({ tx }) =>
      preferences.save(tx, task.ownerId, { emailReminders: false, taskChanges: true }),
    );
    await remind(dueOf(task));
    expect(await remindersGiven(task)).toHaveLength(1);
    expect(await service.db.email.count({ where: { userId: task.ownerId } })).toBe(0);
  });
});
