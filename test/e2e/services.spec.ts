import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { answerOf, apiAt, type Client, got, signUp } from './client.js';
import { type Platform, startPlatform } from './platform.js';
import { until } from './until.js';

let platform: Platform;
let ada: Client;

beforeAll(async () => {
  platform = await startPlatform();
  ada = await signUp(platform.api);
}, 60_000);
afterAll(async () => {
  await platform?.stop();
}, 30_000);

const notifications = async () => (await answerOf(ada.api.GET('/v1/notifications'))).body;

describe('an event', () => {
  it('becomes a notification, which can be marked as read', async () => {
    const task = await ada.createTask('A');
    const { notifications: entries } = await until('the notification', notifications, (list) =>
      list.notifications.some(({ taskId }) => taskId === task.id),
    );
    const entry = entries.find(({ taskId }) => taskId === task.id);
    const read = await answerOf(
      ada.api.POST('/v1/notifications/{id}/read', { params: { path: { id: entry?.id ?? '' } } }),
    );

    expect(entry).toMatchObject({ kind: 'task_created', title: 'A', readAt: null });
    expect(read).toMatchObject({ status: 200, body: { id: entry?.id, readAt: expect.any(String) } });
  });

  it('counts in the analytics of its user', async () => {
    const eve = await signUp(platform.api);
    const task = await eve.createTask('A');
    await answerOf(eve.api.POST('/v1/tasks/{id}/complete', { params: { path: { id: task.id } } }));
    const mine = await until(
      'both events are counted',
      async () => (await answerOf(eve.api.GET('/v1/analytics/me'))).body,
      ({ tasksCompleted }) => tasksCompleted === 1,
    );

    expect(mine).toMatchObject({ tasksCreated: 1, completionRate: 1, activeDays: 1 });
    expect(await answerOf(eve.api.GET('/v1/analytics/overview'))).toMatchObject({
      status: 403,
      body: { code: 'forbidden' },
    });
  });
});

describe('preferences', () => {
  it('are replaced by a command', async () => {
    const wanted = { emailReminders: false, taskChanges: true };
    const put = await answerOf(ada.api.PUT('/v1/notifications/preferences', { body: wanted }));

    expect(put).toMatchObject({ status: 200, body: wanted });
    expect((await answerOf(ada.api.GET('/v1/notifications/preferences'))).body).toEqual(wanted);
  });
});

describe('the mailbox page', () => {
  it('shows the welcome email', async () => {
    const page = await until(
      'the email has arrived',
      async () => (await fetch(`${platform.urls.notification}/mailbox`)).text(),
      (text) => text.includes(ada.email),
    );

    expect(page).toContain(ada.email);
  });
});

describe('a session', () => {
  it('goes on with a refresh token and ends with a logout, also for its access token', async () => {
    const guest = apiAt(platform.api);
    const { email, password } = ada;
    const login = got(await guest.POST('/v1/auth/login', { body: { email, password } }));
    const { refreshToken } = login;
    const renewed = got(await guest.POST('/v1/auth/refresh', { body: { refreshToken } }));
    const api = apiAt(platform.api, renewed.accessToken);
    expect(got(await api.GET('/v1/auth/me'))).toMatchObject({ email });

    const body = { refreshToken: renewed.refreshToken };
    expect((await answerOf(guest.POST('/v1/auth/logout', { body }))).status).toBe(204);
    const refused = await until(
      'the gateway knows that the session has ended',
      () => answerOf(api.GET('/v1/auth/me')),
      ({ status }) => status === 401,
    );
    expect(refused.problem).toMatchObject({ code: 'unauthenticated' });
  });

  it('is refused with a wrong password and a used email', async () => {
    const login = { email: ada.email, password: 'wrong horse' };
    const again = { email: ada.email.toUpperCase(), password: 'correct horse battery', name: 'Eve' };
    const guest = apiAt(platform.api);

    expect(await answerOf(guest.POST('/v1/auth/login', { body: login }))).toMatchObject({
      status: 401,
      body: { code: 'invalid_credentials' },
    });
    expect(await answerOf(guest.POST('/v1/auth/register', { body: again }))).toMatchObject({
      status: 409,
      body: { code: 'email_taken' },
    });
  });
});
