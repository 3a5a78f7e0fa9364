import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type {
  AccountExport,
  EmailConfirmed,
  NotificationList,
  ProblemBody,
  SignedIn,
  Task,
} from '@taskwire/contracts';
import { Client as Database } from 'pg';
import { type BodyOf, call, type Client, signedIn } from './client.js';
import { type Platform, startPlatform } from './platform.js';
import { addPasskey } from './passkeys.js';
import { readStores } from './stores.js';
import { until } from './until.js';

const PASSWORD = 'correct horse battery staple';
const SUBJECTS = {
  confirm: 'Confirm your email address',
  known: 'You have an account already',
  reset: 'Set a new password',
  from: 'Confirm the change of your email address',
  to: 'Confirm your new email address',
};

let platform: Platform;
beforeAll(async () => {
  platform = await startPlatform({
    env: { REGISTRATION: 'verified', RATE_LIMIT_LOGIN_ADDRESS: '1000', RATE_LIMIT_USER: '1000' },
  });
}, 60_000);
afterAll(async () => {
  await platform?.stop();
}, 30_000);

const newAddress = () => `e2e-${randomUUID()}@example.org`;
const post = <Body>(path: string, body: unknown) => call<Body>(`${platform.api}${path}`, 'POST', body);

/** The newest email to an address, as its reader sees it. */
async function read(address: string, subject: string): Promise<string> {
  const database = new Database({ connectionString: platform.databases.notification });
  await database.connect();
  try {
    const sql =
      'select text from mailbox_messages where recipient = $1 and subject = $2 order by position desc limit 1';
    const newest = async () =>
      (await database.query<{ text: string }>(sql, [address, subject])).rows[0]?.text;
    return (await until(`an email "${subject}"`, newest, (text) => text !== undefined)) ?? '';
  } finally {
    await database.end();
  }
}

const tokenIn = (text: string) => /#token=(\S+)/.exec(text)?.[1] ?? '';
const register = (email: string) =>
  post('/v1/auth/register', { email, password: PASSWORD, name: 'Grace Hopper' });

async function signUpByMail(email = newAddress()): Promise<Client> {
  expect((await register(email)).status).toBe(202);
  const token = tokenIn(await read(email, SUBJECTS.confirm));
  const { status, body } = await post<SignedIn>('/v1/auth/register/confirm', { token, password: PASSWORD });
  expect(status).toBe(201);
  return signedIn(platform.api, body, PASSWORD);
}

describe('with registrations that are confirmed by mail', () => {
  it('an account is there once the mailed link was followed', async () => {
    const client = await signUpByMail();
    expect((await client.createTask('The first')).title).toBe('The first');
  });

  it('who registers again is mailed, and nobody else learns that there is an account', async () => {
    const { email } = await signUpByMail();
    expect((await register(email)).status).toBe(202);
    expect(await read(email, SUBJECTS.known)).not.toContain('#token=');
  });

  it('a forgotten password is replaced, and who was signed in no longer is', async () => {
    const client = await signUpByMail();
    await post('/v1/auth/password-resets', { email: client.email });
    const token = tokenIn(await read(client.email, SUBJECTS.reset));
    const newPassword = 'a password that is new';
    expect((await post('/v1/auth/password-resets/confirm', { token, newPassword })).status).toBe(204);

    await until(
      'the session has ended',
      () => client.call('GET', '/v1/auth/me'),
      ({ status }) => status === 401,
    );
    const { body } = await post<SignedIn>('/v1/auth/login', { email: client.email, password: newPassword });
    expect(body.user.id).toBe(client.user.id);
  });

  it('a change of email counts when both addresses have confirmed', async () => {
    const client = await signUpByMail();
    const newEmail = newAddress();
    expect((await client.call('POST', '/v1/auth/me/email', { newEmail, password: PASSWORD })).status).toBe(
      202,
    );
    const confirm = async (address: string, subject: string) => {
      const token = tokenIn(await read(address, subject));
      return (await post<BodyOf<typeof EmailConfirmed>>('/v1/auth/email/confirm', { token })).body.changed;
    };
    expect(await confirm(newEmail, SUBJECTS.to)).toBe(false);
    expect(await confirm(client.email, SUBJECTS.from)).toBe(true);
    expect((await client.call<SignedIn['user']>('GET', '/v1/auth/me')).body.email).toBe(newEmail);
  });

  it('the mailed links lead to pages that send the token, and none is in an address', async () => {
    for (const page of ['confirm', 'reset', 'email']) {
      const answer = await fetch(`${platform.api}/account/${page}`);
      expect(answer.status).toBe(200);
      expect(answer.headers.get('content-security-policy')).toContain("script-src 'self';");
      expect(await answer.text()).toContain('/account/account.js');
    }
    expect((await fetch(`${platform.api}/account/other`)).status).toBe(404);
    const script = await fetch(`${platform.api}/account/account.js`);
    expect(script.headers.get('content-type')).toContain('javascript');
  });
});

describe('an export', () => {
  it('holds all that is stored of its user, over more than one page, and nothing of others', async () => {
    const [client, other] = [await signUpByMail(), await signUpByMail()];
    await other.createTask('Of somebody else');
    const titles = Array.from({ length: 120 }, (_, index) => `Task ${index}`);
    for (const title of titles) await client.createTask(title);
    const { device, passkey } = await addPasskey(client, 'Phone');

    const { status, headers, body } = await client.call<BodyOf<typeof AccountExport>>(
      'GET',
      '/v1/auth/me/export',
    );
    expect(status).toBe(200);
    expect(headers.get('content-disposition')).toContain('taskwire-export.json');
    expect(body.user).toEqual(client.user);
    expect(body.tasks.map(({ title }) => title).toSorted()).toEqual(titles.toSorted());
    expect(body.audit.map(({ action }) => action)).toEqual([
      'account.registered',
      'session.started',
      'passkey.added',
    ]);
    expect(body.sessions).toHaveLength(1);
    expect(body.passkeys).toEqual([passkey]);
    expect(Object.keys(passkey).toSorted()).toEqual(['createdAt', 'id', 'lastUsedAt', 'name']);
    expect(JSON.stringify(body)).not.toContain(device.id);
    expect(JSON.stringify(body)).not.toContain(other.user.id);
  });

  it('is made twice a minute at most', async () => {
    const client = await signUpByMail();
    const ask = async () => (await client.call('GET', '/v1/auth/me/export')).status;
    expect([await ask(), await ask(), await ask()]).toEqual([200, 200, 429]);
  });
});

describe('a deleted account', () => {
  /** Leaves traces wherever a user can. Answers a code of the second factor that it has by then. */
  async function leaveTraces(client: Client, mark: string): Promise<string> {
    await client.call('PATCH', '/v1/auth/me', { name: `${mark} Name` });
    const remindAt = new Date(Date.now() + 60_000).toISOString();
    await client.call('POST', '/v1/tasks', { title: `${mark} later task`, remindAt });
    const task = await client.call<Task>('POST', '/v1/tasks', { title: `${mark} task` });
    await client.call('POST', `/v1/tasks/${task.body.id}/complete`);
    const gone = await client.createTask(`${mark} deleted task`);
    await client.call('DELETE', `/v1/tasks/${gone.id}`, undefined, { 'if-match': '*' });
    const { body } = await until(
      'notifications',
      () => client.call<BodyOf<typeof NotificationList>>('GET', '/v1/notifications'),
      (answer) => answer.body.notifications.length >= 6,
    );
    await client.call('POST', `/v1/notifications/${body.notifications[0]?.id}/read`);
    await client.call('PUT', '/v1/notifications/preferences', { emailReminders: true, taskChanges: true });
    await park(client.user.id, mark);
    await read(client.email, 'Welcome to Taskwire');
    const { recoveryCodes } = await addPasskey(client, `${mark} phone`);
    await read(client.email, 'A passkey was added to your account');
    return recoveryCodes[0] ?? '';
  }

  /** A message that waits for a person, as one that can't be handled does. */
  async function park(userId: string, mark: string): Promise<void> {
    const database = new Database({ connectionString: platform.databases.notification });
    await database.connect();
    await database.query(
      `insert into parked_messages (subscriber, id, topic, partition, key, state, attempts, headers, body)
       values ('notification.tasks', $1, 'task.events.v1', 0, $2, 'dead', 4, '{}', $3)`,
      [randomUUID(), userId, Buffer.from(JSON.stringify({ task: { ownerId: userId, title: mark } }))],
    );
    await database.end();
  }

  it('leaves nothing but ids behind, in no store', async () => {
    const mark = `Unmistakable${randomUUID().slice(0, 8)}`;
    const client = await signUpByMail();
    const code = await leaveTraces(client, mark);
    const { bus: _, ...stores } = platform.databases;
    const holding = async (text: string) =>
      (await readStores(stores)).flatMap(([place, rows]) => (rows.includes(text) ? [place] : []));
    // What will be gone is there before.
    expect(await holding(mark)).toEqual(
      expect.arrayContaining([
        ...['auth.accounts', 'auth.passkeys', 'task.tasks', 'task.inbox'],
        ...['notification.notifications', 'notification.parked_messages', 'notification.reminders'],
      ]),
    );
    expect(await holding(client.email)).toContain('notification.mailbox_messages');
    expect(await holding(client.user.id)).toContain('notification.scheduled_messages');

    const wrong = await client.call<ProblemBody>('POST', '/v1/auth/me/deletion', { password: 'not mine' });
    expect(wrong.status).toBe(400);
    const deleted = await client.call('POST', '/v1/auth/me/deletion', { password: PASSWORD, code });
    expect(deleted.status).toBe(204);
    const left = async () => [
      ...(await holding(mark)),
      ...(await holding(client.email)),
      ...(await holding(client.user.id)),
    ];
    // Ids that name nobody: who did what, and whose late messages are not to be stored.
    const ids = [
      ...['analytics.erased_users', 'auth.audit_entries', 'auth.scheduled_messages'],
      ...['notification.erased_users'],
    ];
    expect((await until('all is gone', left, (places) => places.length <= ids.length)).toSorted()).toEqual(
      ids.toSorted(),
    );
    await until(
      'the session has ended',
      () => client.call('GET', '/v1/tasks'),
      ({ status }) => status === 401,
    );
  });

  it('frees its address', async () => {
    const client = await signUpByMail();
    await client.call('POST', '/v1/auth/me/deletion', { password: PASSWORD });
    const again = await signUpByMail(client.email);
    expect(again.user.id).not.toBe(client.user.id);
  });
});
