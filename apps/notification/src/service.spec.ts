import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  contracts,
  type Feed,
  FeedAppended,
  type NotificationList,
  ReadNotification,
  SetPreferences,
  subscriptions,
  TaskCompleted,
  TaskCreated,
  UserRegistered,
} from '@taskwire/contracts';
import {
  Bus,
  type CommandContract,
  encodeEvent,
  type OutgoingMessage,
  type PayloadOf,
  postgresDriver,
  subscription,
  topologyOf,
} from '@taskwire/messaging';
import { type RunningService, startService } from '@taskwire/service';
import {
  createTestDatabase,
  startStubAuth,
  type StubAuth,
  type TestDatabase,
  until,
} from '@taskwire/testing';
import type { z } from 'zod';
import { taskFact } from './notification.fixture.js';
import { service as definition } from './service.js';

const INTERNAL_TOKEN = 'internal-token-of-the-notification-specs';

let databases: TestDatabase[];
let auth: StubAuth;
let bus: Bus;
let service: RunningService;
const pushed: string[] = [];

const start = () =>
  startService(definition, {
    NODE_ENV: 'test',
    LOG_LEVEL: 'silent',
    PORT: '0',
    DATABASE_URL: databases[0]?.url,
    BUS_DATABASE_URL: databases[1]?.url,
    BUS_TTL_MS: '600',
    RELAY_LEASE_MS: '600',
    AUTH_URL: auth.url,
    INTERNAL_TOKEN,
  });

beforeAll(async () => {
  databases = [await createTestDatabase(), await createTestDatabase()];
  auth = await startStubAuth();
  bus = new Bus({
    driver: postgresDriver({ url: databases[1]?.url ?? '' }),
    topology: topologyOf(contracts, subscriptions),
  });
  const frames = subscription('spec.feed', { kind: 'broadcast', events: [FeedAppended] });
  await bus.listen(frames, {
    receive: ({ payload }) => void pushed.push((payload as PayloadOf<typeof FeedAppended>).entry.id),
    resync: () => undefined,
  });
  service = await start();
});

afterAll(async () => {
  await service.close();
  await bus.close();
  await auth.close();
  await Promise.all(databases.map((database) => database.drop()));
});

async function send(...messages: OutgoingMessage[]): Promise<void> {
  expect(await bus.driver.send(messages)).toEqual(messages.map(() => undefined));
}

async function get(path: string, token: string): Promise<{ status: number; text: string }> {
  const response = await fetch(service.url + path, { headers: { authorization: `Bearer ${token}` } });
  return { status: response.status, text: await response.text() };
}

async function feedOf(userId: string, after = 0): Promise<Feed> {
  const { text } = await get(`/internal/feed/${userId}?after=${after}`, INTERNAL_TOKEN);
  return JSON.parse(text) as Feed;
}

const feedWith = (userId: string, count: number) =>
  until(`${count} entries in the feed`, async () => {
    const feed = await feedOf(userId);
    return feed.last >= count && feed;
  });

function request<C extends CommandContract>(contract: C, payload: PayloadOf<C>, actor: string) {
  return bus.request(contract, payload, {
    id: randomUUID(),
    identity: { actor, roles: ['user'], session: null },
    firstSentAt: new Date(),
    deadline: new Date(Date.now() + 60_000),
  });
}

const soon = (ms: number) => new Date(Date.now() + ms).toISOString();
const created = (task: ReturnType<typeof taskFact>) => encodeEvent(TaskCreated, { task });

describe('the notification service', () => {
  it('welcomes a new user by feed, live event and an email that is read in the mailbox', async () => {
    const userId = randomUUID();
    auth.contacts.set(userId, { userId, email: 'ann@example.com', name: 'Ann', timeZone: 'UTC' });
    const registered = encodeEvent(UserRegistered, { userId, timeZone: 'UTC', at: new Date().toISOString() });
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    await send({ ...registered, headers: { ...registered.headers, traceparent } });

    const { entries } = await feedWith(userId, 1);
    expect(entries).toMatchObject([{ number: 1, kind: 'welcome', taskId: null }]);
    await until('the live event', () => pushed.includes(entries[0]?.id ?? ''));
    const link = await until('the email', async () => {
      const { text } = await get('/mailbox', '');
      return /ann@example\.com.*?href="(\/mailbox\/[^"]+)"/.exec(text)?.[1];
    });
    const message = await get(link, '');
    expect(message.status).toBe(200);
    expect(message.text).toContain('Hello Ann');
    expect(message.text).toContain('0af7651916cd43dd8448eb211c80319c');
  });

  it('shows the mailbox to nobody by another name', async () => {
    const { hostname, port } = new URL(service.url);
    const { request: ask } = await import('node:http');
    const status = await new Promise((resolve, reject) => {
      ask({ hostname, port, path: '/mailbox', headers: { host: 'evil.example' } }, (response) => {
        response.resume();
        resolve(response.statusCode);
      })
        .on('error', reject)
        .end();
    });
    expect(status).toBe(404);
  });

  it('changes nothing when every event comes a second time', async () => {
    const tasks = Array.from({ length: 20 }, () => taskFact());
    const events = tasks.flatMap((task) => [
      created(task),
      encodeEvent(TaskCompleted, { task: { ...task, version: 2, status: 'done' } }),
    ]);
    await send(...events);
    await Promise.all(tasks.map(({ ownerId }) => feedWith(ownerId, 2)));
    await send(...events);
    // Behind all repeats: one message in each of the partitions.
    const last = tasks.map(({ ownerId }) => taskFact({ ownerId, title: 'last' }));
    await send(...last.map(created));

    for (const { ownerId } of tasks) {
      const { entries } = await feedWith(ownerId, 3);
      expect(entries.map(({ number, kind, title }) => [number, kind, title])).toEqual([
        [1, 'task_created', 'Water the plants'],
        [2, 'task_completed', 'Water the plants'],
        [3, 'task_created', 'last'],
      ]);
    }
  });

  it('numbers a feed without holes while tasks, reminders and accounts append to it at the same time', async () => {
    const users = Array.from({ length: 10 }, () => randomUUID());
    const remindAt = soon(300);
    const events = users.flatMap((userId) => [
      ...Array.from({ length: 30 }, () => created(taskFact({ ownerId: userId, remindAt }))),
      encodeEvent(UserRegistered, { userId, timeZone: 'UTC', at: remindAt }),
    ]);
    await send(...events.toSorted(() => Math.random() - 0.5));

    for (const userId of users) {
      const { entries, last } = await feedWith(userId, 61);
      expect(entries.map(({ number }) => number)).toEqual(
        Array.from({ length: 61 }, (_, index) => index + 1),
      );
      expect(last).toBe(61);
      const told = entries.map(({ kind, taskId }) => `${kind} ${taskId}`);
      expect(new Set(told).size).toBe(61);
    }
  });

  it('answers notifications, and takes the commands that concern them, from their user only', async () => {
    const [userId, other] = [randomUUID(), randomUUID()];
    const token = await auth.tokenFor(userId);
    await send(created(taskFact({ ownerId: userId })), created(taskFact({ ownerId: userId })));
    const { entries } = await feedWith(userId, 2);
    const payload = { notificationId: entries[0]?.id ?? '', userId };

    expect(await request(ReadNotification, payload, other)).toMatchObject({
      status: 'rejected',
      problem: { code: 'forbidden' },
    });
    expect(await request(ReadNotification, { ...payload, userId: other }, other)).toMatchObject({
      status: 'rejected',
      problem: { code: 'not_found' },
    });
    expect(await request(ReadNotification, payload, userId)).toMatchObject({
      status: 'done',
      reply: { id: payload.notificationId, readAt: expect.any(String) },
    });

    const list = async (query: string) => {
      const { status, text } = await get(`/v1/notifications${query}`, token);
      expect(status).toBe(200);
      return JSON.parse(text) as z.output<typeof NotificationList>;
    };
    const newest = await list('?limit=1');
    expect(newest).toMatchObject({ unread: 1, nextBefore: 2, notifications: [{ number: 2 }] });
    expect(await list('?limit=1&before=2')).toMatchObject({
      nextBefore: null,
      notifications: [{ number: 1 }],
    });
    expect(await list('?unread=true')).toMatchObject({ notifications: [{ number: 2 }] });
    expect((await get('/v1/notifications?limit=0', token)).status).toBe(400);
    expect((await get('/v1/notifications', 'no-token')).status).toBe(401);
    expect((await get(`/internal/feed/${userId}?after=0`, token)).status).toBe(401);
  });

  it('keeps preferences', async () => {
    const userId = randomUUID();
    const token = await auth.tokenFor(userId);
    const read = async () => JSON.parse((await get('/v1/notifications/preferences', token)).text) as unknown;
    expect(await read()).toEqual({ emailReminders: true, taskChanges: true });

    const preferences = { emailReminders: false, taskChanges: false };
    expect(await request(SetPreferences, { userId, preferences }, userId)).toMatchObject({
      status: 'done',
      reply: preferences,
    });
    expect(await read()).toEqual(preferences);
  });

  it('reminds once, also when it was not running at the time', async () => {
    const userId = randomUUID();
    auth.contacts.set(userId, { userId, email: 'bob@example.com', name: 'Bob', timeZone: 'UTC' });
    const remindAt = soon(4_000);
    const kept = taskFact({ ownerId: userId, title: 'Call Bob', remindAt });
    const done = taskFact({ ownerId: userId, remindAt });
    const completed = encodeEvent(TaskCompleted, { task: { ...done, version: 2, status: 'done' } });
    const events = [created(kept), created(done), completed];
    await send(...events);
    await feedWith(userId, 3);

    await service.close();
    await until('the time of the reminder', () => Date.now() > Date.parse(remindAt));
    service = await start();

    const { entries } = await feedWith(userId, 4);
    expect(entries.slice(3)).toMatchObject([{ number: 4, kind: 'task_reminder', taskId: kept.id }]);
    await until('the email', async () => (await get('/mailbox', '')).text.includes('Reminder: Call Bob'));

    await send(...events, created(taskFact({ ownerId: userId, title: 'last' })));
    const after = await feedWith(userId, 5);
    expect(after.entries.slice(4)).toMatchObject([{ number: 5, kind: 'task_created', title: 'last' }]);
    const { text } = await get('/mailbox', '');
    expect(text.match(/Reminder: Call Bob/g)).toHaveLength(1);
  });
});
