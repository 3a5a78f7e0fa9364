import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { NotificationList, SignedIn, UserAnalytics } from '@taskwire/contracts';
import { type BodyOf, call, type Client, signUp } from './client.js';
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

type Notifications = BodyOf<typeof NotificationList>;
const notifications = async () => (await ada.call<Notifications>('GET', '/v1/notifications')).body;

describe('an event', () => {
  it('becomes a notification, which can be marked as read', async () => {
    const task = await ada.createTask('A');
    const { notifications: entries } = await until('the notification', notifications, (list) =>
      list.notifications.some(({ taskId }) => taskId === task.id),
    );
    const entry = entries.find(({ taskId }) => taskId === task.id);
    const read = await ada.call('POST', `/v1/notifications/${entry?.id}/read`);

    expect(entry).toMatchObject({ kind: 'task_created', title: 'A', readAt: null });
    expect(read).toMatchObject({ status: 200, body: { id: entry?.id, readAt: expect.any(String) } });
  });

  it('counts in the analytics of its user', async () => {
    const eve = await signUp(platform.api);
    const task = await eve.createTask('A');
    await eve.call('POST', `/v1/tasks/${task.id}/complete`);
    const mine = await until(
      'both events are counted',
      async () => (await eve.call<BodyOf<typeof UserAnalytics>>('GET', '/v1/analytics/me')).body,
      ({ tasksCompleted }) => tasksCompleted === 1,
    );

    expect(mine).toMatchObject({ tasksCreated: 1, completionRate: 1, activeDays: 1 });
    expect(await eve.call('GET', '/v1/analytics/overview')).toMatchObject({
      status: 403,
      body: { code: 'forbidden' },
    });
  });
});

describe('preferences', () => {
  it('are replaced by a command', async () => {
    const wanted = { emailReminders: false, taskChanges: true };
    const put = await ada.call('PUT', '/v1/notifications/preferences', wanted);

    expect(put).toMatchObject({ status: 200, body: wanted });
    expect((await ada.call('GET', '/v1/notifications/preferences')).body).toEqual(wanted);
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
    const login = await call<SignedIn>(`${platform.api}/v1/auth/login`, 'POST', {
      email: ada.email,
      password: ada.password,
    });
    const renewed = await call<SignedIn>(`${platform.api}/v1/auth/refresh`, 'POST', {
      refreshToken: login.body.refreshToken,
    });
    const bearer = { authorization: `Bearer ${renewed.body.accessToken}` };
    expect(await call(`${platform.api}/v1/auth/me`, 'GET', undefined, bearer)).toMatchObject({
      status: 200,
      body: { email: ada.email },
    });

    const logout = await call(`${platform.api}/v1/auth/logout`, 'POST', {
      refreshToken: renewed.body.refreshToken,
    });
    expect(logout.status).toBe(204);
    const refused = await until(
      'the gateway knows that the session has ended',
      () => call(`${platform.api}/v1/auth/me`, 'GET', undefined, bearer),
      ({ status }) => status === 401,
    );
    expect(refused.body).toMatchObject({ code: 'unauthenticated' });
  });

  it('is refused with a wrong password and a used email', async () => {
    const login = { email: ada.email, password: 'wrong horse' };
    const again = { email: ada.email.toUpperCase(), password: 'correct horse battery', name: 'Eve' };

    expect(await call(`${platform.api}/v1/auth/login`, 'POST', login)).toMatchObject({
      status: 401,
      body: { code: 'invalid_credentials' },
    });
    expect(await call(`${platform.api}/v1/auth/register`, 'POST', again)).toMatchObject({
      status: 409,
      body: { code: 'email_taken' },
    });
  });
});
