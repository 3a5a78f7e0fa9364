import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, describe, expect, it } from '@jest/globals';
import {
  type CreatedWebhook,
  type LiveTicket,
  type Operation,
  routes,
  type SessionList,
  type SignedIn,
  type Task,
  type WebhookDelivery,
} from '@taskwire/contracts';
import { rabbitmqUrl, type Wiretap } from '@taskwire/testing';
import { brokers } from '../brokers.js';
import type { BusTap } from '../buses.js';
import { type Deployment, deploy } from '../faults/deployment.js';
import { type BodyOf, call } from './client.js';
import { leaveUnsettled } from './leave-unsettled.js';
import { openEvents, openSocket } from './live-clients.js';
import { RELYING_PARTY, usePasskeys } from './passkeys.js';
import { readStores } from './stores.js';
import { until } from './until.js';
import { PERSONAL, type Secret, type Use, useApiToken, useSecondFactor } from './use-credentials.js';
import { useMailedTokens } from './use-mailed-tokens.js';
import { throughTo, wireOf, withBase64 } from './wire.js';

/** Where an address has to be: the account itself, and the mailbox that stands for a mail server. */
const MAY_HOLD_ADDRESSES = new Set([
  ...['auth.accounts', 'auth.account_emails', 'notification.mailbox_messages'],
]);
/** Where the URL of a webhook, which may hold a token of its receiver's, has to be. */
const MAY_HOLD_URLS = new Set(['notification.webhooks']);
const IN_URL = 'token-of-the-receiver';
/** Where a mailed token has to be. */
const MAY_HOLD_MAILED = new Set(['notification.mailbox_messages']);

describe.each(['postgres', ...brokers] as const)('over %s, after every route was used', (name) => {
  let deployment: Deployment | undefined;
  let tap: BusTap | undefined;
  let wire: Wiretap | undefined;
  let collector: Collector | undefined;
  afterAll(async () => {
    await tap?.close();
    await deployment?.stop();
    await wire?.close();
    collector?.server.close();
  }, 60_000);

  it('no secret and no address is on the bus, in a log, in a span, or in a store but its own', async () => {
    collector = await collectSpans();
    wire = await wireOf(name);
    const running = (deployment = await deploy({
      shape: 'one process',
      bus: name,
      ...(wire && { broker: name === 'rabbitmq' ? throughTo(wire, rabbitmqUrl) : wire.address }),
      settings: {
        LOG_LEVEL: 'trace',
        OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
        OTEL_TRACES_SAMPLER: 'always_on',
        OTEL_BSP_SCHEDULE_DELAY: '200',
        WEBHOOK_TARGETS: 'any',
        ...RELYING_PARTY,
      },
    }));
    tap = await running.bus.tap();
    const secrets = await useEveryRoute(running);
    await running.quiet();
    await leaveUnsettled(running, secrets);
    const { spans } = collector;
    await until(
      'spans have arrived',
      () => Promise.resolve(spans.length),
      (count) => count > 0,
    );

    const places = new Map([
      ['bus', `${await tap.read()}\n${wire ? withBase64(wire.text()) : ''}`],
      ['log', running.log('platform')],
      ['spans', Buffer.concat(spans).toString('latin1')],
      ...(await readStores(running.stores)),
    ]);
    const found = [...places].flatMap(([place, text]) =>
      secrets.filter(({ value }) => text.includes(value)).map(({ what }) => `${what} in ${place}`),
    );
    const allowed = new Set([
      ...[...MAY_HOLD_ADDRESSES].map((place) => `the email address in ${place}`),
      ...[...MAY_HOLD_URLS].map((place) => `the URL of a webhook in ${place}`),
      ...[...MAY_HOLD_MAILED].map((place) => `a mailed token in ${place}`),
    ]);

    expect(found.filter((one) => !allowed.has(one))).toEqual([]);
    // What was looked through is what it should be.
    expect(found).toContain('the email address in auth.accounts');
    expect(found).toContain('the URL of a webhook in notification.webhooks');
    expect(found).toContain('a mailed token in notification.mailbox_messages');
    for (const [place, mark] of MARKS)
      expect([place, mark, places.get(place)?.includes(mark)]).toEqual([place, mark, true]);
  }, 180_000);
});

const MARKS = [
  ['bus', 'task.created.v1'],
  ['bus', 'task.create.v1.reply'],
  ['log', '/v1/tasks/{id}/complete'],
  ['spans', 'send task.commands.v1'],
  ['notification.parked_messages', 'task.created.v1'],
  ['auth.outbox', 'auth.user.registered.v1'],
] as const;

/** Calls each route of the contracts at least once; a new route has to be added here. */
async function useEveryRoute({ api, stores }: Deployment): Promise<Secret[]> {
  const used = new Set<string>();
  const password = 'a password that nobody else has';
  const email = `${PERSONAL}@example.org`;
  const secrets: Secret[] = [
    { what: 'the email address', value: PERSONAL },
    { what: 'the password', value: password },
    { what: 'the URL of a webhook', value: IN_URL },
  ];
  const keep = ({ accessToken, refreshToken }: SignedIn) => {
    // The signature: a part of the token that logs would show even when they cut it short at the dots.
    secrets.push({ what: 'an access token', value: accessToken.split('.').at(-1) ?? '' });
    secrets.push({ what: 'a refresh token', value: refreshToken });
  };
  const use = async <Body>(
    method: string,
    route: string,
    { path = route, body, headers }: { path?: string; body?: unknown; headers?: Record<string, string> } = {},
  ) => {
    used.add(`${method} ${route}`);
    const answer = await call<Body>(`${api}${path}`, method, body, headers);
    if (answer.status >= 500) throw new Error(`${method} ${path} answered ${answer.status}`);
    return answer;
  };

  const registered = await use<SignedIn>('POST', '/v1/auth/register', {
    body: { email, password, name: 'Ada', timeZone: 'Europe/Berlin' },
  });
  keep(registered.body);
  await use('POST', '/v1/auth/register', { body: { email, password, name: 'Ada again' } });
  await use('POST', '/v1/auth/login', { body: { email, password: `${password}, but wrong` } });
  const login = await use<SignedIn>('POST', '/v1/auth/login', { body: { email, password } });
  keep(login.body);
  const renewed = await use<SignedIn>('POST', '/v1/auth/refresh', {
    body: { refreshToken: login.body.refreshToken },
  });
  keep(renewed.body);
  const bearer = { authorization: `Bearer ${renewed.body.accessToken}` };
  const asUser = <Body>(method: string, route: string, more: Parameters<typeof use>[2] = {}) =>
    use<Body>(method, route, { ...more, headers: { ...bearer, ...more.headers } });

  await asUser('GET', '/v1/auth/me');
  await asUser('PATCH', '/v1/auth/me', { body: { name: 'Ada Lovelace' } });
  await use('GET', '/.well-known/jwks.json');

  const phone = await use<SignedIn>('POST', '/v1/auth/login', { body: { email, password } });
  keep(phone.body);
  const { body: list } = await asUser<SessionList>('GET', '/v1/auth/sessions');
  const other = list.sessions.find(({ current }) => !current)?.id ?? '';
  await asUser('DELETE', '/v1/auth/sessions/{id}', { path: `/v1/auth/sessions/${other}` });
  await asUser('DELETE', '/v1/auth/sessions');
  const newPassword = 'the next password that nobody else has';
  secrets.push({ what: 'the next password', value: newPassword });
  await asUser('PUT', '/v1/auth/me/password', { body: { currentPassword: password, newPassword } });

  await useSecondFactor({ email, password: newPassword }, use, asUser, secrets);
  await usePasskeys({ email, password: newPassword }, use, asUser, secrets);
  await useApiToken(use, asUser, secrets);

  const created = await asUser<Task>('POST', '/v1/tasks', { body: { title: 'A', remindAt: inAMoment() } });
  const path = `/v1/tasks/${created.body.id}`;
  const version = created.headers.get('etag') ?? '';
  await asUser('GET', '/v1/tasks', { path: '/v1/tasks?limit=5' });
  await asUser('GET', '/v1/tasks/stats');
  await asUser('GET', '/v1/tasks/{id}', { path });
  const changed = await asUser('PATCH', '/v1/tasks/{id}', {
    path,
    body: { priority: 'high' },
    headers: { 'if-match': version },
  });
  await asUser('POST', '/v1/tasks/{id}/complete', { path: `${path}/complete` });
  const reopened = await asUser('POST', '/v1/tasks/{id}/reopen', { path: `${path}/reopen` });
  await asUser('DELETE', '/v1/tasks/{id}', {
    path,
    headers: { 'if-match': (reopened.headers.get('etag') ?? changed.headers.get('etag')) || '*' },
  });

  const later = await asUser<Operation>('POST', '/v1/tasks', {
    body: { title: 'B' },
    headers: { prefer: 'respond-async' },
  });
  const operation = later.headers.get('location') ?? '';
  await asUser('GET', '/v1/operations/{id}', { path: operation });
  await asUser('DELETE', '/v1/operations/{id}', { path: operation });

  await useLiveEvents(api, asUser, bearer, secrets);
  used.add('GET /v1/live');
  const { body: feed } = await asUser<{ notifications: { id: string }[] }>('GET', '/v1/notifications');
  await asUser('POST', '/v1/notifications/{id}/read', {
    path: `/v1/notifications/${feed.notifications[0]?.id}/read`,
  });
  await asUser('GET', '/v1/notifications/preferences');
  await asUser('PUT', '/v1/notifications/preferences', {
    body: { emailReminders: true, taskChanges: true },
  });
  await useWebhooks(asUser, secrets);
  await asUser('GET', '/v1/auth/me/export');
  await asUser('GET', '/v1/analytics/me');
  await asUser('GET', '/v1/analytics/overview');
  await asUser('GET', '/v1/admin/users', { path: `/v1/admin/users?email=${PERSONAL}` });
  for (const change of ['disable', 'enable']) {
    await asUser('POST', `/v1/admin/users/{id}/${change}`, {
      path: `/v1/admin/users/${registered.body.user.id}/${change}`,
    });
  }
  await asUser('POST', '/v1/admin/users/{id}/second-factor/reset', {
    path: `/v1/admin/users/${registered.body.user.id}/second-factor/reset`,
  });
  await useMailedTokens(stores.notification, asUser, use, { email, newPassword }, secrets);
  await use('POST', '/v1/auth/logout', { body: { refreshToken: renewed.body.refreshToken } });

  expect([...used].toSorted()).toEqual(routes.map((route) => `${route.method} ${route.path}`).toSorted());
  return secrets;
}

async function useWebhooks(asUser: Use, secrets: Secret[]): Promise<void> {
  // Nobody is there: why it failed is logged, and the URL is not.
  const hook = { url: `http://127.0.0.1:1/${IN_URL}?key=${IN_URL}`, events: ['task.created.v1'] };
  const { body: webhook } = await asUser<CreatedWebhook>('POST', '/v1/webhooks', { body: hook });
  secrets.push({ what: 'the secret of a webhook', value: webhook.secret.slice('whsec_'.length) });
  const path = `/v1/webhooks/${webhook.id}`;
  await asUser('GET', '/v1/webhooks');
  await asUser('GET', '/v1/webhooks/{id}', { path });
  await asUser('PATCH', '/v1/webhooks/{id}', { path, body: { events: ['task.created.v1'] } });
  const { body: ping } = await asUser<WebhookDelivery>('POST', '/v1/webhooks/{id}/ping', {
    path: `${path}/ping`,
  });
  const delivery = `/v1/webhooks/deliveries/${ping.id}`;
  await until(
    'its attempt',
    async () =>
      (await asUser<WebhookDelivery>('GET', '/v1/webhooks/deliveries/{id}', { path: delivery })).body,
    ({ lastError }) => lastError === 'connection_failed',
  );
  await asUser('POST', '/v1/webhooks/deliveries/{id}/resend', { path: `${delivery}/resend` });
  await asUser('GET', '/v1/webhooks/{id}/deliveries', { path: `${path}/deliveries` });
  const second = await asUser<CreatedWebhook>('POST', '/v1/webhooks', { body: hook });
  await asUser('DELETE', '/v1/webhooks/{id}', { path: `/v1/webhooks/${second.body.id}` });
}

async function useLiveEvents(
  api: string,
  asUser: <Body>(method: string, route: string) => ReturnType<typeof call<Body>>,
  bearer: Record<string, string>,
  secrets: Secret[],
): Promise<void> {
  const ticket = async () => {
    const { body } = await asUser<BodyOf<typeof LiveTicket>>('POST', '/v1/live/tickets');
    secrets.push({ what: 'a live ticket', value: body.ticket });
    return body.ticket;
  };
  const overHeader = await openEvents(`${api}/v1/live?lastEventId=0`, bearer);
  const overTicket = await openEvents(`${api}/v1/live?lastEventId=0&ticket=${await ticket()}`);
  const socket = await openSocket(
    `${api.replace('http', 'ws')}/v1/live/ws?lastEventId=0&ticket=${await ticket()}`,
  );
  for (const live of [overHeader, overTicket, socket]) {
    await live.frames(2);
    live.close();
  }
}

const inAMoment = () => new Date(Date.now() + 1_500).toISOString();

interface Collector {
  readonly server: Server;
  readonly url: string;
  readonly spans: Buffer[];
}

/** Takes spans as an OpenTelemetry collector does; the protobuf of OTLP holds its texts as they are. */
async function collectSpans(): Promise<Collector> {
  const spans: Buffer[] = [];
  const server = createServer((request, response) => {
    request.on('data', (chunk: Buffer) => spans.push(chunk));
    request.on('end', () => response.writeHead(200).end());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, spans };
}
