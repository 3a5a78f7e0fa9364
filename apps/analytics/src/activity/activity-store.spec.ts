import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { TaskCompleted, TaskCreated, UserRegistered } from '@taskwire/contracts';
import { messageOf, taskFact } from '@taskwire/testing';
import { createTestStore, type TestStore } from '../analytics.fixture.js';
import { CountsStore } from '../overview/counts-store.js';
import { ActivityStore } from './activity-store.js';
import { type ActivityEvent, activityOf } from './activity.js';

let test: TestStore;
let counts: CountsStore;
const activity = new ActivityStore();
beforeAll(async () => {
  test = await createTestStore();
  counts = new CountsStore(test.db);
});
beforeEach(async () => {
  await test.db.$executeRaw`TRUNCATE erased_users, user_days, day_totals, user_features, feature_totals`;
});
afterAll(() => test.drop());

function count(...events: ActivityEvent[]): Promise<void> {
  return test.inTransaction((tx) => activity.add(tx, events.map(activityOf)));
}

const created = (ownerId: string, partition = 0, createdAt = '2026-03-01T08:00:00.000Z') =>
  messageOf(TaskCreated, { task: taskFact({ ownerId, createdAt }) }, { partition });
const completed = (ownerId: string, completedAt: string) =>
  messageOf(TaskCompleted, { task: taskFact({ ownerId, completedAt }) });

describe('counts', () => {
  it('are kept by user and day, and for everybody by day', async () => {
    const [ann, bob] = [randomUUID(), randomUUID()];
    await count(created(ann), created(bob, 3), completed(ann, '2026-03-02T00:00:00.000Z'));
    await count(created(ann), completed(ann, '2026-03-02T23:59:59.999Z'));

    expect(await counts.userDays(ann, '2026-01-01')).toEqual([
      { day: '2026-03-01', created: 2, completed: 0, reopened: 0, deleted: 0 },
      { day: '2026-03-02', created: 0, completed: 2, reopened: 0, deleted: 0 },
    ]);
    expect(await counts.userDays(ann, '2026-03-02')).toHaveLength(1);
    const nothing = { registrations: 0, created: 0, completed: 0, reopened: 0, deleted: 0 };
    expect(await counts.platformDays('2026-01-01')).toEqual([
      { ...nothing, day: '2026-03-01', activeUsers: 2, created: 3 },
      { ...nothing, day: '2026-03-02', activeUsers: 1, completed: 2 },
    ]);
  });

  it('take a user who was active by several topics and partitions once a day', async () => {
    const user = randomUUID();
    const registered = messageOf(UserRegistered, {
      userId: user,
      timeZone: 'UTC',
      at: '2026-03-01T07:00:00.000Z',
    });
    await count(registered, created(user, 0), created(user, 1));
    await count(created(user, 2));
    expect(await counts.platformDays('2026-01-01')).toMatchObject([
      { activeUsers: 1, registrations: 1, created: 3 },
    ]);
  });

  it('forget a user whose account is gone, and count nothing of it that comes later; sums stay', async () => {
    const [ann, bob] = [randomUUID(), randomUUID()];
    await count(created(ann), created(bob));
    await test.inTransaction((tx) => activity.erase(tx, ann, new Date()));
    await count(created(ann), created(bob));

    expect(await counts.userDays(ann, '2026-01-01')).toEqual([]);
    expect(await test.db.userFeature.count({ where: { userId: ann } })).toBe(0);
    expect(await counts.platformDays('2026-01-01')).toMatchObject([{ activeUsers: 2, created: 3 }]);
  });

  it('take a feature once for each user', async () => {
    const [ann, bob] = [randomUUID(), randomUUID()];
    await count(created(ann), created(ann, 1), created(bob));
    await count(created(bob), completed(bob, '2026-03-02T00:00:00.000Z'));
    expect(await counts.usersByFeature()).toEqual({ completion: 1, tasks: 2 });
  });

  it('are right, without deadlocks, when batches with the same users run at the same time', async () => {
    const users = Array.from({ length: 30 }, () => randomUUID());
    const batches = Array.from({ length: 12 }, (_, partition) =>
      users.map((user) => created(user, partition)).sort(() => (partition % 2 === 0 ? 1 : -1)),
    );
    await Promise.all(batches.map((batch) => count(...batch)));

    expect(await counts.platformDays('2026-01-01')).toMatchObject([{ activeUsers: 30, created: 360 }]);
    expect(await counts.usersByFeature()).toEqual({ tasks: 30 });
    for (const user of users) {
      expect(await counts.userDays(user, '2026-01-01')).toMatchObject([{ created: 12 }]);
    }
  });
});
