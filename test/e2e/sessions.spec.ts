import { randomBytes, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { program } from '@taskwire/cli';
import type { AuditPage, SignedIn } from '@taskwire/contracts';
import { type FaultProxy, faultProxy } from '@taskwire/testing';
import { answerOf, apiAt, call, type Client, got, signUp } from './client.js';
import { type LiveClient, openEvents, openSocket } from './live-clients.js';
import { type Platform, startPlatform } from './platform.js';
import { busTarget } from './surroundings.js';
import { until } from './until.js';

/** A read of each service that needs an access token; also straight to its port, past the gateway. */
const READS = {
  gateway: '/v1/auth/me',
  auth: '/v1/auth/me',
  task: '/v1/tasks',
  notification: '/v1/notifications',
  analytics: '/v1/analytics/me',
} as const;

const INTERNAL_TOKEN = randomBytes(32).toString('hex');

let proxy: FaultProxy;
let platform: Platform;
let ada: Client;

beforeAll(async () => {
  proxy = await faultProxy({ target: busTarget() });
  platform = await startPlatform({
    busThrough: (url) => proxy.through(url),
    env: { RATE_LIMIT_LOGIN_ADDRESS: '1000', INTERNAL_TOKEN },
  });
}, 60_000);
afterAll(async () => {
  await platform?.stop();
  await proxy?.close();
}, 30_000);
beforeEach(async () => {
  ada = await signUp(platform.api);
});

/** So soon a session has ended everywhere. */
const ENDED_LIMIT_MS = 5_000;
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const logout = (refreshToken: string, api = platform.api) =>
  call(`${api}/v1/auth/logout`, 'POST', { refreshToken });

async function signInAgain(): Promise<SignedIn> {
  const { email, password } = ada;
  return got(await apiAt(platform.api).POST('/v1/auth/login', { body: { email, password } }));
}

async function listed(token = ada.token) {
  return got(await apiAt(platform.api, token).GET('/v1/auth/sessions')).sessions;
}

async function statuses(token: string): Promise<Record<string, number>> {
  const answers = Object.entries(READS).map(async ([name, path]) => {
    const url = `${platform.urls[name as keyof typeof READS]}${path}`;
    return [name, (await call(url, 'GET', undefined, bearer(token))).status] as const;
  });
  return Object.fromEntries(await Promise.all(answers));
}

async function refusedEverywhere(token: string): Promise<void> {
  const all = await until(
    'every service refuses the token',
    () => statuses(token),
    (seen) => Object.values(seen).every((status) => status !== 200),
    ENDED_LIMIT_MS,
  );
  expect(new Set(Object.values(all))).toEqual(new Set([401]));
}

async function allEnded(live: readonly LiveClient[]): Promise<void> {
  const late = sleep(ENDED_LIMIT_MS, 'late', { ref: false });
  expect(await Promise.race([Promise.all(live.map(({ ended }) => ended)), late])).not.toBe('late');
}

/** One live connection over each protocol. */
async function openLive(token: string): Promise<LiveClient[]> {
  const { ticket } = got(await apiAt(platform.api, token).POST('/v1/live/tickets'));
  return [
    await openEvents(`${platform.api}/v1/live`, bearer(token)),
    await openSocket(`${platform.api.replace('http', 'ws')}/v1/live/ws?ticket=${ticket}`),
  ];
}

describe('the audit trail', () => {
  /** From where an API token was made, as the trail has it, that was asked for with these headers. */
  async function originOf(api: string, headers: Record<string, string>): Promise<string | undefined> {
    const token = { name: 'Script', scopes: ['tasks:read'] };
    const sent = { ...bearer(ada.token), ...headers };
    expect((await call(`${api}/v1/auth/api-tokens`, 'POST', token, sent)).status).toBe(201);
    const trail = `${platform.urls.auth}/internal/audit?subject=${ada.user.id}`;
    const { body } = await call<AuditPage>(trail, 'GET', undefined, bearer(INTERNAL_TOKEN));
    const last = body.entries.at(-1);
    expect(last?.action).toBe('api_token.created');
    return last?.origin?.address;
  }

  it('names the address that a proxy of ours names, also beside the token of a user', async () => {
    const api = await platform.addGateway({ TRUST_PROXY: 'loopback' });

    expect(await originOf(api, { 'x-forwarded-for': '203.0.113.7' })).toBe('203.0.113.7');
  });

  it.each([
    ['without a token', {}],
    ['with a guessed token', { 'x-internal-token': 'a guess' }],
    ['with the internal token itself', { 'x-internal-token': INTERNAL_TOKEN }],
  ])('believes no client about its address: %s', async (_what, headers) => {
    expect(await originOf(platform.api, { ...headers, 'x-forwarded-for': '203.0.113.7' })).toBe('127.0.0.1');
  });
});

describe('a session', () => {
  it('is listed, and ended from another one, for every service and every live connection', async () => {
    const phone = await signInAgain();
    const live = await openLive(phone.accessToken);
    const other = (await listed()).find(({ current }) => !current);
    const ended = await answerOf(
      ada.api.DELETE('/v1/auth/sessions/{id}', {
        params: { path: { id: other?.id ?? '' }, header: { 'Idempotency-Key': 'lost-phone' } },
      }),
    );

    expect(ended.status).toBe(204);
    await allEnded(live);
    await refusedEverywhere(phone.accessToken);
    expect(await statuses(ada.token)).toEqual(Object.fromEntries(Object.keys(READS).map((n) => [n, 200])));
    expect(await listed()).toMatchObject([{ current: true }]);
  });

  it('of somebody else is not there', async () => {
    const eve = await signUp(platform.api);
    const [mine] = await listed(eve.token);
    for (const id of [mine?.id ?? '', randomUUID()]) {
      expect(
        await answerOf(ada.api.DELETE('/v1/auth/sessions/{id}', { params: { path: { id } } })),
      ).toMatchObject({
        status: 404,
        body: { code: 'not_found' },
      });
    }
    expect((await statuses(eve.token)).task).toBe(200);
  });

  it('ends with all others but the one that asks', async () => {
    const [phone, tablet] = [await signInAgain(), await signInAgain()];

    expect((await answerOf(ada.api.DELETE('/v1/auth/sessions'))).status).toBe(204);
    await refusedEverywhere(phone.accessToken);
    await refusedEverywhere(tablet.accessToken);
    expect((await statuses(ada.token)).task).toBe(200);
  });

  it('ends when the password is changed in another one, and its owner gets a mail', async () => {
    const phone = await signInAgain();
    const live = await openLive(phone.accessToken);
    const body = { currentPassword: ada.password, newPassword: 'a horse that nobody knows' };

    expect((await answerOf(ada.api.PUT('/v1/auth/me/password', { body }))).status).toBe(204);
    await allEnded(live);
    await refusedEverywhere(phone.accessToken);
    const mailbox = async () => (await fetch(`${platform.urls.notification}/mailbox`)).text();
    await until('the mail', mailbox, (text) => text.includes('Your password was changed'));
  });

  it('ends for everybody while the bus is down', async () => {
    const live = await openLive(ada.token);
    await proxy.down();
    try {
      expect((await logout(ada.refreshToken)).status).toBe(204);
      await allEnded(live);
      await refusedEverywhere(ada.token);
    } finally {
      await proxy.up();
    }
  });

  it('that ended while a service was down stays ended from its first request on', async () => {
    await platform.stopService('task');
    await platform.stopService('gateway');
    await logout(ada.refreshToken, platform.urls.auth);
    await platform.startService('task');
    await platform.startService('gateway');

    expect(await statuses(ada.token)).toMatchObject({ task: 401, gateway: 401 });
  });
});

describe('what was done with accounts and sessions', () => {
  const taskwire = async (...args: string[]) => {
    const printed: string[] = [];
    const env = { AUTH_URL: platform.urls.auth, INTERNAL_TOKEN };
    await program(env, (line) => printed.push(line)).parseAsync(args, { from: 'user' });
    return printed.join('\n');
  };

  it('is on record for operators, whose command shows that nobody changed it', async () => {
    const before = await taskwire('audit', 'verify');
    const [entry = ''] = /\d+:[0-9a-f]{64}/.exec(before) ?? [];
    await signInAgain();
    const other = (await listed()).find(({ current }) => !current);
    await answerOf(ada.api.DELETE('/v1/auth/sessions/{id}', { params: { path: { id: other?.id ?? '' } } }));

    expect(await taskwire('audit', 'verify', '--expect', entry)).toContain('the chain is whole');
    const list = await taskwire('audit', 'list', '--user', ada.user.id);
    expect(list).toMatch(/session\.started.*127\.0\.0\.1/);
    expect(list).toMatch(
      new RegExp(`session\\.ended +${ada.user.id} +${ada.user.id} +${other?.id} .*ended_by_owner`),
    );
  });
});
