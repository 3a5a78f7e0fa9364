import { randomUUID } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  PasswordChanged,
  type NotificationList,
  ReadNotification,
  SetPreferences,
  TaskCompleted,
  TaskCreated,
  UserRegistered,
} from '@taskwire/contracts';
import { encodeEvent } from '@taskwire/messaging';
import { until, taskFact } from '@taskwire/testing';
import type { z } from 'zod';
import { startSmtpServer } from './mail/smtp-server.fixture.js';
import { TestNotification } from './service.fixture.js';

let test: TestNotification;
beforeAll(async () => {
  test = await TestNotification.start();
});
afterAll(() => test.close());

const soon = (ms: number) => new Date(Date.now() + ms).toISOString();
const created = (task: ReturnType<typeof taskFact>) => encodeEvent(TaskCreated, { task });

describe('the notification service', () => {
  it('welcomes a new user by feed, live event and an email that is read in the mailbox', async () => {
    const userId = randomUUID();
    test.auth.contacts.set(userId, {
      userId,
      email: 'ann@example.com',
      name: 'Ann',
      timeZone: 'UTC',
      locale: 'en-GB',
    });
    const registered = encodeEvent(UserRegistered, { userId, timeZone: 'UTC', at: new Date().toISOString() });
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    await test.send({ ...registered, headers: { ...registered.headers, traceparent } });

    const { entries } = await test.feedWith(userId, 1);
    expect(entries).toMatchObject([{ number: 1, kind: 'welcome', taskId: null }]);
    await until('the live event', () => test.pushed.includes(entries[0]?.id ?? ''));
    const link = await until('the email', async () => {
      const { text } = await test.get('/mailbox');
      return /ann@example\.com.*?href="(\/mailbox\/[^"]+)"/.exec(text)?.[1];
    });
    const message = await test.get(link);
    expect(message.status).toBe(200);
    expect(message.text).toContain('Hello Ann');
    expect(message.text).toContain('0af7651916cd43dd8448eb211c80319c');
  });

  it('shows the mailbox to nobody by another name', async () => {
    const { hostname, port } = new URL(test.url);
    const status = await new Promise((resolve, reject) => {
      httpRequest({ hostname, port, path: '/mailbox', headers: { host: 'evil.example' } }, (response) => {
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
    await test.send(...events);
    await Promise.all(tasks.map(({ ownerId }) => test.feedWith(ownerId, 2)));
    await test.send(...events);
    // Behind all repeats: one message in each of the partitions.
    const last = tasks.map(({ ownerId }) => taskFact({ ownerId, title: 'last' }));
    await test.send(...last.map(created));

    for (const { ownerId } of tasks) {
      const { entries } = await test.feedWith(ownerId, 3);
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
    await test.send(...events.toSorted(() => Math.random() - 0.5));

    for (const userId of users) {
      const { entries, last } = await test.feedWith(userId, 61);
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
    const token = await test.auth.tokenFor(userId);
    await test.send(created(taskFact({ ownerId: userId })), created(taskFact({ ownerId: userId })));
    const { entries } = await test.feedWith(userId, 2);
    const payload = { notificationId: entries[0]?.id ?? '', userId };

    expect(await test.request(ReadNotification, payload, other)).toMatchObject({
      status: 'rejected',
      problem: { code: 'forbidden' },
    });
    expect(await test.request(ReadNotification, { ...payload, userId: other }, other)).toMatchObject({
      status: 'rejected',
      problem: { code: 'not_found' },
    });
    expect(await test.request(ReadNotification, payload, userId)).toMatchObject({
      status: 'done',
      reply: { id: payload.notificationId, readAt: expect.any(String) },
    });

    const list = async (query: string) => {
      const { status, text } = await test.get(`/v1/notifications${query}`, token);
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
    expect((await test.get('/v1/notifications?limit=0', token)).status).toBe(400);
    expect((await test.get('/v1/notifications', 'no-token')).status).toBe(401);
    expect((await test.get(`/internal/feed/${userId}?after=0`, token)).status).toBe(401);
  });

  it('keeps preferences', async () => {
    const userId = randomUUID();
    const token = await test.auth.tokenFor(userId);
    const read = async () =>
      JSON.parse((await test.get('/v1/notifications/preferences', token)).text) as unknown;
    expect(await read()).toEqual({ emailReminders: true, taskChanges: true });

    const preferences = { emailReminders: false, taskChanges: false };
    expect(await test.request(SetPreferences, { userId, preferences }, userId)).toMatchObject({
      status: 'done',
      reply: preferences,
    });
    expect(await read()).toEqual(preferences);
  });

  it('reminds once, also when it was not running at the time', async () => {
    const userId = randomUUID();
    test.auth.contacts.set(userId, {
      userId,
      email: 'bob@example.com',
      name: 'Bob',
      timeZone: 'UTC',
      locale: 'en-GB',
    });
    const remindAt = soon(4_000);
    const kept = taskFact({ ownerId: userId, title: 'Call Bob', remindAt });
    const done = taskFact({ ownerId: userId, remindAt });
    const completed = encodeEvent(TaskCompleted, { task: { ...done, version: 2, status: 'done' } });
    const events = [created(kept), created(done), completed];
    await test.send(...events);
    await test.feedWith(userId, 3);

    await test.stop();
    await until('the time of the reminder', () => Date.now() > Date.parse(remindAt));
    await test.startAgain();

    const { entries } = await test.feedWith(userId, 4);
    expect(entries.slice(3)).toMatchObject([{ number: 4, kind: 'task_reminder', taskId: kept.id }]);
    await until('the email', async () => (await test.get('/mailbox')).text.includes('Reminder: Call Bob'));

    await test.send(...events, created(taskFact({ ownerId: userId, title: 'last' })));
    const after = await test.feedWith(userId, 5);
    expect(after.entries.slice(4)).toMatchObject([{ number: 5, kind: 'task_created', title: 'last' }]);
    const { text } = await test.get('/mailbox');
    expect(text.match(/Reminder: Call Bob/g)).toHaveLength(1);
  });

  it('tells the owner of an account that its password was changed', async () => {
    const userId = randomUUID();
    test.auth.contacts.set(userId, {
      userId,
      email: 'joan@example.com',
      name: 'Joan',
      timeZone: 'Asia/Tokyo',
      locale: 'en-GB',
    });
    await test.send(encodeEvent(PasswordChanged, { userId, at: '2026-03-01T22:30:00.000Z' }));

    await until('the email', async () => {
      const { text } = await test.get('/mailbox');
      return text.includes('joan@example.com') && text.includes('Your password was changed');
    });
  });

  it('sends emails by SMTP where a server is set, and has no mailbox then', async () => {
    const smtp = await startSmtpServer();
    const other = await TestNotification.start({
      SMTP_URL: smtp.url(),
      MAIL_FROM: 'Tasks <tasks@example.org>',
    });
    try {
      const userId = randomUUID();
      other.auth.contacts.set(userId, {
        userId,
        email: 'eve@example.com',
        name: 'Eve',
        timeZone: 'UTC',
        locale: 'en-GB',
      });
      const at = new Date().toISOString();
      await other.send(encodeEvent(UserRegistered, { userId, timeZone: 'UTC', at }));

      const { mail, to } = await until('the email', () => smtp.received[0]);
      expect(to).toEqual(['eve@example.com']);
      expect(mail).toMatchObject({ subject: 'Welcome to Taskwire', from: { address: 'tasks@example.org' } });
      expect((await other.get('/mailbox')).status).toBe(404);
    } finally {
      await other.close();
      await smtp.close();
    }
  });
});
