import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  type AnalyticsOverview,
  contracts,
  RequestCompleted,
  type Role,
  SessionEnded,
  SessionStarted,
  subscriptions,
  TaskCompleted,
  TaskCreated,
  TaskDeleted,
  TaskReopened,
  TaskUpdated,
  type UserAnalytics,
  UserRegistered,
} from '@taskwire/contracts';
import { Bus, encodeEvent, type OutgoingMessage, topologyOf } from '@taskwire/messaging';
import { postgresDriver } from '@taskwire/messaging/postgres';
import { type RunningService, startService } from '@taskwire/service';
import {
  createTestDatabase,
  startStubAuth,
  type StubAuth,
  type TestDatabase,
  until,
  taskFact,
} from '@taskwire/testing';
import type { z } from 'zod';
import { requestOf } from './analytics.fixture.js';
import { service as definition } from './service.js';

type Overview = z.output<typeof AnalyticsOverview>;

let databases: TestDatabase[];
let auth: StubAuth;
let bus: Bus;
let service: RunningService;

beforeAll(async () => {
  databases = [await createTestDatabase(), await createTestDatabase()];
  auth = await startStubAuth();
  bus = new Bus({
    driver: postgresDriver({ url: databases[1]?.url ?? '' }),
    topology: topologyOf(contracts, subscriptions),
  });
  await bus.start();
  service = await startService(definition, {
    NODE_ENV: 'test',
    LOG_LEVEL: 'silent',
    PORT: '0',
    DATABASE_URL: databases[0]?.url,
    BUS_DATABASE_URL: databases[1]?.url,
    AUTH_URL: auth.url,
    INTERNAL_TOKEN: 'internal-token-of-the-analytics-specs',
  });
});

afterAll(async () => {
  await service.close();
  await bus.close();
  await auth.close();
  await Promise.all(databases.map((database) => database.drop()));
});

async function send(messages: readonly OutgoingMessage[]): Promise<void> {
  expect(await bus.driver.send(messages)).toEqual(messages.map(() => undefined));
}

async function get<T>(
  path: string,
  userId: string,
  roles?: readonly Role[],
): Promise<{ status: number; body: T }> {
  const headers = { authorization: `Bearer ${await auth.tokenFor(userId, roles)}` };
  const response = await fetch(service.url + path, { headers });
  return { status: response.status, body: (await response.json()) as T };
}

/** Everything that a group has not acknowledged yet. */
async function handled(): Promise<void> {
  await until('the end of the log', async () => {
    const lag = await bus.lag();
    return lag.filter(({ group }) => group.startsWith('analytics.')).every(({ messages }) => messages === 0);
  });
}

const now = new Date().toISOString();
const today = now.slice(0, 10);

function eventsOf(userId: string): OutgoingMessage[] {
  const task = taskFact({ ownerId: userId, createdAt: now, updatedAt: now, labels: ['home'] });
  const done = { ...task, status: 'done' as const, completedAt: now, version: 2 };
  const other = taskFact({ ownerId: userId, createdAt: now, updatedAt: now });
  const sessionId = randomUUID();
  const requests = [10, 20, 30, 1_000].map((durationMs) =>
    requestOf({ durationMs, weight: 2, at: now, userId }),
  );
  return [
    encodeEvent(UserRegistered, { userId, timeZone: 'UTC', at: now }),
    encodeEvent(SessionStarted, { userId, sessionId, at: now }),
    encodeEvent(TaskCreated, { task }),
    encodeEvent(TaskCompleted, { task: done }),
    encodeEvent(TaskCreated, { task: other }),
    encodeEvent(TaskUpdated, { task: { ...other, priority: 'high', version: 2 }, changed: ['priority'] }),
    encodeEvent(TaskCompleted, { task: { ...other, completedAt: now, version: 3 } }),
    encodeEvent(TaskReopened, { task: { ...other, version: 4 } }),
    encodeEvent(TaskDeleted, { taskId: other.id, ownerId: userId, title: other.title }),
    encodeEvent(SessionEnded, { userId, sessionId, at: now }),
    ...requests.map(({ payload }) => encodeEvent(RequestCompleted, payload)),
  ];
}

describe('the analytics service', () => {
  const users = Array.from({ length: 12 }, () => randomUUID());
  const [ann = ''] = users;
  const overview = async () => (await get<Overview>('/v1/analytics/overview?days=7', ann, ['admin'])).body;
  const mine = async () => (await get<z.output<typeof UserAnalytics>>('/v1/analytics/me?days=7', ann)).body;

  it('counts every event once, and a second delivery of all of them changes no number', async () => {
    const events = users.flatMap(eventsOf);
    await send(events);
    await handled();
    const first = { overview: await overview(), mine: await mine() };
    await send(events);
    await send(events.toReversed());
    await handled();

    expect({ overview: await overview(), mine: await mine() }).toEqual(first);
    expect(first.mine).toMatchObject({
      tasksCreated: 2,
      tasksCompleted: 2,
      tasksDeleted: 1,
      completionRate: 0.5,
      activeDays: 1,
    });
    expect(first.mine.byDay).toHaveLength(7);
    expect(first.mine.byDay.at(-1)).toEqual({ day: today, created: 2, completed: 2 });

    const { registrations, activeUsers, tasks, featureAdoption, requests } = first.overview;
    expect([registrations.length, registrations.at(-1)]).toEqual([7, { day: today, count: 12 }]);
    expect(activeUsers.at(-1)).toEqual({ day: today, count: 12 });
    expect(tasks).toEqual({ created: 24, completed: 24, deleted: 12, completionRate: 0.5 });
    expect(featureAdoption).toEqual({ completion: 12, labels: 12, priorities: 12, tasks: 12 });
    expect(requests).toMatchObject([{ route: 'GET /v1/tasks', count: 96, errors: 0 }]);
    expect(Math.abs((requests[0]?.p50 ?? 0) - 20)).toBeLessThanOrEqual(0.4);
    expect(Math.abs((requests[0]?.p99 ?? 0) - 1_000)).toBeLessThanOrEqual(20);
  });

  it('answers nothing but zeros to a user without tasks', async () => {
    const { body } = await get<z.output<typeof UserAnalytics>>('/v1/analytics/me?days=1', randomUUID());
    expect(body).toEqual({
      tasksCreated: 0,
      tasksCompleted: 0,
      tasksDeleted: 0,
      completionRate: 0,
      activeDays: 0,
      byDay: [{ day: new Date().toISOString().slice(0, 10), created: 0, completed: 0 }],
    });
  });

  it('shows the overview to admins only', async () => {
    expect((await get('/v1/analytics/overview', ann)).status).toBe(403);
    expect((await get('/v1/analytics/overview?days=366', ann, ['admin'])).status).toBe(400);
  });
});
