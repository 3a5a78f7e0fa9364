import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  type CreatedWebhook,
  DeleteWebhook,
  PingWebhook,
  ResendWebhookDelivery,
  TaskCompleted,
  TaskCreated,
  UpdateWebhook,
  type Webhook,
  type WebhookDelivery,
  type WebhookDeliveryDetail,
} from '@taskwire/contracts';
import { encodeEvent } from '@taskwire/messaging';
import { taskFact, until } from '@taskwire/testing';
import { Webhook as Verifier } from 'standardwebhooks';
import type { z } from 'zod';
import { TestNotification } from '../service.fixture.js';
import { startReceiver, type TestReceiver } from './receiver.fixture.js';
import { MOST_WEBHOOKS } from './webhook.js';

let test: TestNotification;
let receiver: TestReceiver;
beforeAll(async () => {
  test = await TestNotification.start({ WEBHOOK_TARGETS: 'any' });
  receiver = await startReceiver();
});
beforeEach(() => {
  receiver.received.length = 0;
  receiver.answer = 204;
});
afterAll(async () => {
  await test.close();
  await receiver.close();
});

interface Owner {
  readonly userId: string;
  readonly token: string;
}

async function newOwner(): Promise<Owner> {
  const userId = randomUUID();
  return { userId, token: await test.auth.tokenFor(userId) };
}

async function create({ token }: Owner, events = [TaskCreated.type]): Promise<CreatedWebhook> {
  const { status, text } = await test.post('/v1/webhooks', token, { url: receiver.url, events });
  expect(status).toBe(201);
  return JSON.parse(text) as CreatedWebhook;
}

async function read<Body>({ token }: Owner, path: string): Promise<Body> {
  const { status, text } = await test.get(path, token);
  expect(status).toBe(200);
  return JSON.parse(text) as Body;
}

const created = (userId: string) => encodeEvent(TaskCreated, { task: taskFact({ ownerId: userId }) });
const logOf = async (owner: Owner, id: string) =>
  (await read<{ deliveries: WebhookDelivery[] }>(owner, `/v1/webhooks/${id}/deliveries`)).deliveries;
const received = (count: number) =>
  until(`${count} deliveries`, () => receiver.received.length >= count && receiver.received);

describe('a webhook', () => {
  it('gets the events that it was made for, each once though the bus repeats them, and its receiver verifies them', async () => {
    const ada = await newOwner();
    const webhook = await create(ada);
    const task = taskFact({ ownerId: ada.userId });
    const events = [
      encodeEvent(TaskCreated, { task }),
      encodeEvent(TaskCompleted, { task: { ...task, version: 2 } }),
    ];
    await test.send(...events);
    await received(1);
    await test.send(...events, created(ada.userId));
    await received(2);

    const log = await until('the log', async () => {
      const found = await logOf(ada, webhook.id);
      return found.every(({ state }) => state === 'delivered') && found;
    });
    expect(log).toMatchObject([{ attempts: 1 }, { attempts: 1, lastStatus: 204, nextAttemptAt: null }]);
    const [first] = receiver.received;
    expect(first?.headers['webhook-id']).toBe(log[1]?.id);
    const body = new Verifier(webhook.secret).verify(first?.body ?? '', first?.headers ?? {});
    expect(body).toMatchObject({ type: 'task.created.v1', data: { task: { id: task.id } } });
    const detail = await read<z.output<typeof WebhookDeliveryDetail>>(
      ada,
      `/v1/webhooks/deliveries/${log[1]?.id}`,
    );
    expect(detail.body).toEqual(body);
  });

  it('tells its secret once', async () => {
    const ada = await newOwner();
    const { secret, ...webhook } = await create(ada);
    expect(await read(ada, '/v1/webhooks')).toEqual({ webhooks: [webhook] });
    expect(await read(ada, `/v1/webhooks/${webhook.id}`)).toEqual(webhook);
    expect(secret).toMatch(/^whsec_.{44}$/);
  });

  it('is changed from the version that was read, and gets what it wants from then on', async () => {
    const ada = await newOwner();
    const { id: webhookId, version } = await create(ada);
    const payload = { webhookId, userId: ada.userId, version, changes: { events: [TaskCompleted.type] } };
    expect(await test.request(UpdateWebhook, payload, ada.userId)).toMatchObject({
      status: 'done',
      reply: { webhookId, version: version + 1 },
    });
    expect(await test.request(UpdateWebhook, payload, ada.userId)).toMatchObject({
      problem: { code: 'version_conflict' },
    });
    expect(await read<Webhook>(ada, `/v1/webhooks/${webhookId}`)).toMatchObject({
      events: [TaskCompleted.type],
      version: version + 1,
    });
    const task = taskFact({ ownerId: ada.userId });
    await test.send(encodeEvent(TaskCreated, { task }), encodeEvent(TaskCompleted, { task }));
    const [only] = await received(1);
    expect(only?.body).toContain(TaskCompleted.type);
    expect(await logOf(ada, webhookId)).toHaveLength(1);
  });

  it('is pinged, and what it got is sent again under its id, when its owner asks', async () => {
    const ada = await newOwner();
    const webhook = await create(ada);
    const ping = await test.request(PingWebhook, { webhookId: webhook.id, userId: ada.userId }, ada.userId);
    expect(ping).toMatchObject({ status: 'done', reply: { type: 'webhook.ping', state: 'pending' } });
    const [{ headers, body } = { headers: {}, body: '' }] = await received(1);
    expect(new Verifier(webhook.secret).verify(body, headers)).toMatchObject({
      type: 'webhook.ping',
      data: { webhookId: webhook.id },
    });
    const [delivery] = await until('its end', async () => {
      const log = await logOf(ada, webhook.id);
      return log[0]?.state === 'delivered' && log;
    });

    const deliveryId = delivery?.id ?? '';
    const again = await test.request(ResendWebhookDelivery, { deliveryId, userId: ada.userId }, ada.userId);
    expect(again).toMatchObject({ status: 'done', reply: { id: deliveryId, attempts: 1 } });
    const all = await received(2);
    expect(all.map((one) => one.headers['webhook-id'])).toEqual([deliveryId, deliveryId]);
    expect(all[1]?.body).toBe(body);
  });

  it('that its endpoint disowned (410) is disabled, until its owner enables it', async () => {
    const ada = await newOwner();
    const { id: webhookId } = await create(ada);
    receiver.answer = 410;
    await test.send(created(ada.userId));
    const disabled = await until('it is disabled', async () => {
      const webhook = await read<Webhook>(ada, `/v1/webhooks/${webhookId}`);
      return !webhook.enabled && webhook;
    });
    expect(disabled.disabledReason).toBe('gone');
    const [delivery] = await logOf(ada, webhookId);
    const asked = { deliveryId: delivery?.id ?? '', userId: ada.userId };
    const { userId } = ada;
    for (const refused of [
      await test.request(PingWebhook, { webhookId, userId }, userId),
      await test.request(ResendWebhookDelivery, asked, userId),
    ]) {
      expect(refused).toMatchObject({ status: 'rejected', problem: { code: 'webhook_disabled' } });
    }

    receiver.answer = 200;
    const changes = { enabled: true };
    await test.request(UpdateWebhook, { webhookId, userId, version: null, changes }, userId);
    await test.request(ResendWebhookDelivery, asked, userId);
    await until('the delivery', async () => (await logOf(ada, webhookId))[0]?.state === 'delivered');
    expect(await read(ada, `/v1/webhooks/${webhookId}`)).toMatchObject({
      enabled: true,
      disabledReason: null,
    });
  });

  it('is deleted with its log, and gets nothing more', async () => {
    const ada = await newOwner();
    const [gone, kept] = [await create(ada), await create(ada)];
    const { userId } = ada;
    expect(await test.request(DeleteWebhook, { webhookId: gone.id, userId }, userId)).toMatchObject({
      status: 'done',
    });
    expect((await test.get(`/v1/webhooks/${gone.id}/deliveries`, ada.token)).status).toBe(404);
    await test.send(created(userId));
    await until('the other', async () => (await logOf(ada, kept.id))[0]?.state === 'delivered');
    expect(receiver.received).toHaveLength(1);
  });

  it('is one of ten at most', async () => {
    const ada = await newOwner();
    for (let count = 0; count < MOST_WEBHOOKS; count += 1) await create(ada);
    const body = { url: receiver.url, events: [TaskCreated.type] };
    const { status, text } = await test.post('/v1/webhooks', ada.token, body);
    expect([status, JSON.parse(text)]).toMatchObject([409, { code: 'limit_reached' }]);
  });
});

describe('to everybody else', () => {
  it('a webhook and its deliveries do not exist', async () => {
    const [ada, eve] = [await newOwner(), await newOwner()];
    const { id: webhookId } = await create(ada);
    await test.send(created(ada.userId));
    await received(1);
    const [delivery] = await logOf(ada, webhookId);
    const deliveryId = delivery?.id ?? '';

    for (const path of [webhookId, `${webhookId}/deliveries`, `deliveries/${deliveryId}`]) {
      expect((await test.get(`/v1/webhooks/${path}`, eve.token)).status).toBe(404);
    }
    const [mine, theirs] = [{ userId: eve.userId }, { userId: ada.userId }];
    const changes = { enabled: false };
    for (const [owner, code] of [
      [mine, 'not_found'],
      [theirs, 'forbidden'],
    ] as const) {
      const answers = [
        await test.request(UpdateWebhook, { webhookId, version: null, changes, ...owner }, eve.userId),
        await test.request(PingWebhook, { webhookId, ...owner }, eve.userId),
        await test.request(ResendWebhookDelivery, { deliveryId, ...owner }, eve.userId),
        await test.request(DeleteWebhook, { webhookId, ...owner }, eve.userId),
      ];
      expect(answers).toMatchObject(answers.map(() => ({ status: 'rejected', problem: { code } })));
    }
    expect(await read(ada, `/v1/webhooks/${webhookId}`)).toMatchObject({ enabled: true, version: 1 });
    expect(await read(eve, '/v1/webhooks')).toEqual({ webhooks: [] });
  });
});

describe('by default', () => {
  let strict: TestNotification;
  beforeAll(async () => {
    strict = await TestNotification.start();
  });
  afterAll(() => strict.close());

  it.each([
    'http://example.org/hooks',
    'https://127.0.0.1/hooks',
    'https://localhost/hooks',
    'https://[::1]/hooks',
    'https://[::ffff:10.0.0.1]/hooks',
    'https://169.254.169.254/latest/meta-data',
    'https://ada:secret@example.org/hooks',
    'https://example.org/hooks#part',
    'ftp://example.org/',
    'example.org',
  ])('%s is refused', async (url) => {
    const token = await strict.auth.tokenFor(randomUUID());
    const { status, text } = await strict.post('/v1/webhooks', token, { url, events: [TaskCreated.type] });
    expect([status, JSON.parse(text)]).toMatchObject([
      400,
      { code: 'validation_failed', errors: [{ pointer: '/url' }] },
    ]);
  });
});
