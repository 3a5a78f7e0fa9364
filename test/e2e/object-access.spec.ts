import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  type CreatedApiToken,
  type CreatedWebhook,
  type NotificationList,
  type ProblemBody,
  type Route,
  routes,
  type SessionList,
  type Task,
  type WebhookDelivery,
} from '@taskwire/contracts';
import { type Answer, apiAt, type BodyOf, call, type Client, got, signUp } from './client.js';
import { addPasskey } from './passkeys.js';
import { type Platform, startPlatform } from './platform.js';
import { until } from './until.js';

// Who may do what to whose things, for every route that the contracts have: OWASP API1:2023 (broken object level
// authorization) and API5:2023 (broken function level authorization).

const ADMIN = { email: 'root@example.org', password: 'a long password of an admin' };
const UNLIMITED = { RATE_LIMIT_IP: '1000000', RATE_LIMIT_USER: '1000000' };
const nameOf = ({ method, path }: Route): string => `${method} ${path}`;

const CREDENTIAL = {
  ...{ id: 'AAAA', rawId: 'AAAA', type: 'public-key' },
  response: {
    clientDataJSON: 'AAAA',
    attestationObject: 'AAAA',
    authenticatorData: 'AAAA',
    signature: 'AAAA',
  },
};
/** What a request that is right sends, for each route that takes a body. */
const BODIES: Readonly<Record<string, unknown>> = {
  'PATCH /v1/tasks/{id}': { title: 'Taken over' },
  'POST /v1/tasks': { title: 'My own' },
  'PATCH /v1/auth/me': { name: 'Mallory' },
  'PUT /v1/auth/me/password': { currentPassword: 'correct horse battery staple', newPassword: 'another one' },
  'POST /v1/auth/me/second-factor': { password: 'correct horse battery staple' },
  'POST /v1/auth/me/second-factor/confirm': { code: '123456' },
  'POST /v1/auth/me/second-factor/recovery-codes': { code: '123456' },
  'POST /v1/auth/me/second-factor/disable': { code: '123456' },
  'POST /v1/auth/me/passkeys/options': { password: 'correct horse battery staple' },
  'POST /v1/auth/me/passkeys': { name: 'Mine', credential: CREDENTIAL },
  'POST /v1/auth/me/passkeys/code': { credential: CREDENTIAL },
  'PATCH /v1/auth/me/passkeys/{id}': { name: 'Taken over' },
  'POST /v1/auth/me/passkeys/{id}/remove': { code: '123456' },
  'POST /v1/auth/api-tokens': { name: 'Mine', scopes: ['tasks:read'] },
  'POST /v1/auth/me/email': { newEmail: 'mallory@example.org', password: 'not the password' },
  'POST /v1/auth/me/deletion': { password: 'not the password' },
  'POST /v1/webhooks': { url: 'http://127.0.0.1:9/', events: ['task.created.v1'] },
  'PATCH /v1/webhooks/{id}': { enabled: false },
  'PUT /v1/notifications/preferences': { emailReminders: true, taskChanges: true },
};

/** The things of the victim, by what comes before their id in a path. */
type Things = Readonly<Record<string, string>>;

let platform: Platform;
let victim: Client;
let things: Things;
const tokens: Record<'another user' | 'an admin', string> = { 'another user': '', 'an admin': '' };

const protectedRoutes = routes.filter(({ access }) => access !== 'public');
/** Of things that have an owner: what administrators do to accounts is theirs to do. */
const withIds = protectedRoutes.filter(({ path, access }) => path.includes('{') && access !== 'admin');
const named = (list: readonly Route[]) => list.map((route) => [nameOf(route), route] as const);

beforeAll(async () => {
  platform = await startPlatform({
    env: { ADMIN_EMAIL: ADMIN.email, ADMIN_PASSWORD: ADMIN.password, WEBHOOK_TARGETS: 'any', ...UNLIMITED },
  });
  [victim, tokens['another user']] = [await signUp(platform.api), (await signUp(platform.api)).token];
  tokens['an admin'] = got(await apiAt(platform.api).POST('/v1/auth/login', { body: ADMIN })).accessToken;
  things = await thingsOf(victim);
}, 60_000);
afterAll(async () => {
  await platform?.stop();
}, 30_000);

async function thingsOf(client: Client): Promise<Things> {
  // Without its service the command can't end, so that its operation is what is answered.
  await platform.stopService('task');
  const later = await client.call('POST', '/v1/tasks', { title: 'Secret' }, { prefer: 'respond-async' });
  await platform.startService('task');
  const task = await client.createTask('Secret');
  const made = await client.call<CreatedApiToken>('POST', '/v1/auth/api-tokens', {
    name: 'Hers',
    scopes: ['tasks:read'],
  });
  const sessions = await client.call<BodyOf<typeof SessionList>>('GET', '/v1/auth/sessions');
  const { body } = await until(
    'the notification',
    () => client.call<BodyOf<typeof NotificationList>>('GET', '/v1/notifications'),
    (answer) => answer.body.notifications.some(({ taskId }) => taskId === task.id),
  );
  const hook = { url: 'http://127.0.0.1:9/', events: ['task.deleted.v1'] };
  const webhook = await client.call<CreatedWebhook>('POST', '/v1/webhooks', hook);
  const ping = await client.call<WebhookDelivery>('POST', `/v1/webhooks/${webhook.body.id}/ping`);
  return {
    '/v1/tasks/': task.id,
    '/v1/auth/api-tokens/': made.body.apiToken.id,
    '/v1/auth/me/passkeys/': (await addPasskey(client, 'Hers')).passkey.id,
    '/v1/admin/users/': client.user.id,
    '/v1/notifications/': body.notifications[0]?.id ?? '',
    '/v1/auth/sessions/': sessions.body.sessions[0]?.id ?? '',
    '/v1/webhooks/': webhook.body.id,
    '/v1/webhooks/deliveries/': ping.body.id,
    '/v1/operations/': (later.headers.get('location') ?? '').replace('/v1/operations/', ''),
  };
}

function attack(route: Route, id: string, token?: string): Promise<Answer<ProblemBody>> {
  const path = route.path.replaceAll(/\{[^}]+\}/g, id);
  return call<ProblemBody>(`${platform.api}${path}`, route.method, BODIES[nameOf(route)], {
    ...(token !== undefined && { authorization: `Bearer ${token}` }),
    ...(route.ifMatch && { 'if-match': '*' }),
  });
}

/** What an answer says, but for what is of the request alone. */
function said({ status, body }: Answer<ProblemBody>, id: string) {
  const { traceId: _, ...problem } = body;
  return { status, problem: JSON.stringify(problem).replaceAll(id, '{id}') };
}

const idOf = (route: Route): string => things[route.path.slice(0, route.path.indexOf('{'))] ?? '';
const mine = async () => ({
  task: (await victim.call<Task>('GET', `/v1/tasks/${things['/v1/tasks/']}`)).body,
  notifications: (await victim.call('GET', '/v1/notifications')).body,
  passkeys: (await victim.call('GET', '/v1/auth/me/passkeys')).body,
  webhooks: (await victim.call('GET', '/v1/webhooks')).body,
  sessions: (await victim.call('GET', '/v1/auth/sessions')).status,
  apiTokens: (await victim.call('GET', '/v1/auth/api-tokens')).body,
});

it('the tests know a thing of each kind, and a body for each route that takes one', () => {
  expect(withIds.filter((route) => idOf(route) === '').map(nameOf)).toEqual([]);
  expect(protectedRoutes.filter((r) => r.body && !(nameOf(r) in BODIES)).map(nameOf)).toEqual([]);
});

describe.each(['another user', 'an admin'] as const)('%s', (who) => {
  it.each(named(withIds))('learns nothing of %s, and changes nothing', async (_, route) => {
    const before = await mine();
    const none = randomUUID();
    const there = await attack(route, idOf(route), tokens[who]);
    const nowhere = await attack(route, none, tokens[who]);

    expect(there.status).toBe(404);
    // No way to tell a thing of somebody else from one that doesn't exist.
    expect(said(there, idOf(route))).toEqual(said(nowhere, none));
    expect(await mine()).toEqual(before);
  });

  it('finds nothing of others in its own lists', async () => {
    const lists = protectedRoutes.filter(
      ({ method, path, kind, access }) =>
        method === 'GET' && kind === 'read' && access !== 'admin' && !path.includes('{'),
    );
    const found = await Promise.all(lists.map((route) => attack(route, '', tokens[who])));

    expect(lists.length).toBeGreaterThan(4);
    expect(found.map(({ status }) => status)).toEqual(lists.map(() => 200));
    const secrets = [...Object.values(things), victim.user.id, victim.email];
    const texts = found.map(({ body }) => JSON.stringify(body));
    expect(secrets.filter((secret) => texts.some((text) => text.includes(secret)))).toEqual([]);
  });
});

it.each(named(protectedRoutes))('nobody gets at %s without a token', async (_, route) => {
  const before = await mine();
  const { status, body } = await attack(route, idOf(route));

  expect([status, body.code]).toEqual([401, 'unauthenticated']);
  expect(await mine()).toEqual(before);
});

it.each(named(protectedRoutes.filter(({ access }) => access === 'admin')))(
  'a user may not %s',
  async (_, route) => {
    const { status, body } = await attack(route, idOf(route), tokens['another user']);

    expect([status, body.code]).toEqual([403, 'forbidden']);
  },
);
