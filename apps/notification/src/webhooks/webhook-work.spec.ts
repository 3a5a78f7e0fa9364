import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { until } from '@taskwire/testing';
import { Webhook } from 'standardwebhooks';
import { createTestService, type TestService } from '../notification.fixture.js';
import { DueWorker, type DueWorkerSettings } from '../due/due-worker.js';
import { WebhookSending } from './deliver-webhook.js';
import { DeliveryStore } from './delivery-store.js';
import { post } from './post.js';
import { startReceiver, type TestReceiver } from './receiver.fixture.js';
import { WebhookTargets } from './targets.js';
import { type Turn, TurnStore } from './turn-store.js';
import { MOST_TRIES } from './webhook.js';
import { WebhookWork } from './webhook-work.js';
import { addWebhook, happen, seal } from './webhooks.fixture.js';

let service: TestService;
let turns: TurnStore;
let deliveries: DeliveryStore;
let receiver: TestReceiver;
const workers: DueWorker<Turn>[] = [];
beforeAll(async () => {
  service = await createTestService();
  turns = new TurnStore(service.db);
  deliveries = new DeliveryStore(service.db);
});
beforeEach(async () => {
  await service.db.webhook.deleteMany();
  receiver = await startReceiver();
});
afterEach(async () => {
  await Promise.all(workers.splice(0).map((worker) => worker.beforeApplicationShutdown()));
  await receiver.close();
});
afterAll(() => service.drop());

const anywhere = new WebhookTargets('any', () => Promise.reject(new Error('nobody asks for names')));

function startWorker(settings: Partial<DueWorkerSettings & { attemptMs: number }> = {}): DueWorker<Turn> {
  const { attemptMs = 5_000, ...others } = settings;
  const sending = new WebhookSending(turns, seal, (url, headers, body) =>
    post(anywhere, url, headers, body, attemptMs),
  );
  const work = new WebhookWork(turns, deliveries, sending);
  const worker = new DueWorker(work, () => undefined, { concurrency: 16, pollMs: 20, ...others });
  workers.push(worker);
  worker.onApplicationBootstrap();
  return worker;
}

const rowsOf = (webhookId: string) => service.db.webhookDelivery.findMany({ where: { webhookId } });
const countOf = (state: string) => service.db.webhookDelivery.count({ where: { state } });
const webhookOf = (id: string) => service.db.webhook.findUniqueOrThrow({ where: { id } });
const emailsTo = async (userId: string) =>
  (await service.db.email.findMany({ where: { userId } })).map(({ content }) => content);
const idsOf = ({ received }: TestReceiver) => received.map(({ headers }) => headers['webhook-id']);
/** As if its time had come. */
async function comeDue(webhookId: string, tries?: number): Promise<void> {
  await service.db.$executeRaw`
    UPDATE webhook_deliveries SET due_at = clock_timestamp(), tries = coalesce(${tries ?? null}::int, tries)
    WHERE webhook_id = ${webhookId}::uuid AND state = 'pending'`;
  await service.db.$executeRaw`
    UPDATE webhooks SET next_at = clock_timestamp(), held_until = NULL WHERE id = ${webhookId}::uuid`;
}

describe('workers', () => {
  it('deliver each event once, several instances together, signed as its receiver can verify', async () => {
    const { id, userId, secret } = await addWebhook(service, { url: receiver.url });
    await happen(service, userId, 15);
    startWorker();
    startWorker();
    await until('the first ones', () => receiver.received.length >= 15);
    await happen(service, userId, 5);
    await until('all', async () => (await countOf('delivered')) === 20);

    expect(idsOf(receiver).toSorted()).toEqual((await rowsOf(id)).map((row) => row.id).toSorted());
    for (const { body, headers } of receiver.received) {
      expect(new Webhook(secret).verify(body, headers)).toMatchObject({ type: 'task.created.v1' });
    }
    expect((await rowsOf(id))[0]).toMatchObject({ attempts: 1, lastStatus: 204, lastError: null });
  });

  it('send one at a time to an endpoint, and no more at once than they may', async () => {
    const most = { one: 0, all: 0 };
    const running = new Map<string, number>();
    receiver.answer = (response, { path }) => {
      running.set(path, (running.get(path) ?? 0) + 1);
      most.one = Math.max(most.one, running.get(path) ?? 0);
      most.all = Math.max(
        most.all,
        [...running.values()].reduce((sum, count) => sum + count, 0),
      );
      setTimeout(() => {
        running.set(path, (running.get(path) ?? 0) - 1);
        response.writeHead(204).end();
      }, 20);
    };
    const userId = randomUUID();
    for (const path of ['a', 'b', 'c', 'd', 'e']) {
      await addWebhook(service, { userId, url: `http://127.0.0.1:${receiver.port}/${path}` });
    }
    await happen(service, userId, 4);
    startWorker({ concurrency: 3 });
    await until('all', async () => (await countOf('delivered')) === 20);
    expect(most).toEqual({ one: 1, all: 3 });
  });

  it('deliver to others while endpoints hang and have much that waits', async () => {
    const hanging = await startReceiver();
    hanging.answer = () => undefined;
    const stuck = randomUUID();
    for (const path of ['a', 'b', 'c']) {
      await addWebhook(service, { userId: stuck, url: `http://127.0.0.1:${hanging.port}/${path}` });
    }
    await happen(service, stuck, 200);
    startWorker({ concurrency: 2, attemptMs: 300 });
    await until('they hang', () => hanging.received.length > 0);
    const { id, userId } = await addWebhook(service, { url: receiver.url });
    await happen(service, userId, 10);

    await until('the others', async () => (await rowsOf(id)).every(({ state }) => state === 'delivered'));
    expect(await countOf('pending')).toBe(600);
    expect(hanging.received.length).toBeLessThan(30);
    await hanging.close();
  });

  it('take over what a dead one held, when its lease ends', async () => {
    const { id, userId } = await addWebhook(service, { url: receiver.url });
    await happen(service, userId);
    const [dead] = await turns.claim(1, 100);
    if (dead === undefined) throw new Error('nothing was claimed');
    const begun = await turns.begin(dead);
    expect(await turns.claim(1, 100)).toEqual([]);
    startWorker();
    await until('it', async () => (await countOf('delivered')) === 1);

    expect(await rowsOf(id)).toMatchObject([{ attempts: 2 }]);
    if (begun === null) throw new Error('nothing was due');
    expect(await turns.settle(dead, begun, { outcome: 'gone', status: 410 })).toBe(false);
    expect(await webhookOf(id)).toMatchObject({ enabled: true, nextAt: null });
  });

  it('finish what runs when they are stopped, and begin nothing more', async () => {
    const { promise: finish, resolve } = Promise.withResolvers<void>();
    receiver.answer = (response) => void finish.then(() => response.writeHead(204).end());
    const { userId } = await addWebhook(service, { url: receiver.url });
    await happen(service, userId, 3);
    const worker = startWorker();
    await until('the first', () => receiver.received.length === 1);
    const stopped = worker.beforeApplicationShutdown();
    resolve();
    await stopped;
    expect([receiver.received.length, await countOf('delivered'), await countOf('pending')]).toEqual([
      1, 1, 2,
    ]);
  });
});

describe('a delivery that fails', () => {
  it('is tried again later, under the same id and with the same body', async () => {
    const { id, userId, secret } = await addWebhook(service, { url: receiver.url });
    receiver.answer = 500;
    await happen(service, userId);
    startWorker();
    await until('a failure', async () => (await rowsOf(id))[0]?.lastStatus === 500);
    const [failed] = await rowsOf(id);
    expect(failed).toMatchObject({ state: 'pending', attempts: 1 });
    expect(failed?.dueAt.getTime()).toBeGreaterThan(failed?.lastAttemptAt?.getTime() ?? Infinity);

    receiver.answer = 200;
    await comeDue(id);
    await until('it', async () => (await countOf('delivered')) === 1);
    expect(new Set(idsOf(receiver))).toEqual(new Set([failed?.id]));
    expect(new Set(receiver.received.map(({ body }) => body)).size).toBe(1);
    for (const { body, headers } of receiver.received) new Webhook(secret).verify(body, headers);
  });

  it('because of a redirect went nowhere else', async () => {
    const inner = await startReceiver();
    const { id, userId } = await addWebhook(service, { url: receiver.url });
    receiver.answer = (response) => response.writeHead(307, { location: inner.url }).end();
    await happen(service, userId);
    startWorker();
    await until('a failure', async () => (await rowsOf(id))[0]?.lastStatus === 307);
    expect(inner.received).toEqual([]);
    await inner.close();
  });

  it('leaves the endpoint alone for as long as it asks to', async () => {
    const { id, userId } = await addWebhook(service, { url: receiver.url });
    receiver.answer = (response) => response.writeHead(429, { 'retry-after': '1800' }).end();
    await happen(service, userId, 2);
    startWorker();
    await until('a failure', async () => (await webhookOf(id)).heldUntil !== null);
    const [row] = await service.db.$queryRaw<{ minutes: number }[]>`
      SELECT extract(epoch FROM held_until - clock_timestamp())::float8 / 60 AS minutes FROM webhooks
      WHERE id = ${id}::uuid AND next_at = held_until`;
    expect(row?.minutes).toBeGreaterThan(20);
    expect(row?.minutes).toBeLessThanOrEqual(30);
    expect(receiver.received).toHaveLength(1);
  });

  it('says why there was no answer', async () => {
    const { id, userId } = await addWebhook(service, { url: 'http://127.0.0.1:1/' });
    await happen(service, userId);
    startWorker();
    await until('a failure', async () => (await rowsOf(id))[0]?.lastError === 'connection_failed');
    expect((await rowsOf(id))[0]).toMatchObject({ state: 'pending', lastStatus: null });
  });

  it('to an endpoint that is gone (410) ends it all: nothing waits any more, nothing is added', async () => {
    const { id, userId } = await addWebhook(service, { url: receiver.url });
    receiver.answer = 410;
    await happen(service, userId, 3);
    startWorker();
    await until('the end', async () => (await countOf('failed')) === 3);
    await happen(service, userId);

    expect(await webhookOf(id)).toMatchObject({
      enabled: false,
      disabledReason: 'gone',
      version: 2,
      nextAt: null,
    });
    expect(await emailsTo(userId)).toMatchObject([
      { template: 'webhook_disabled', host: new URL(receiver.url).host, reason: 'gone' },
    ]);
    expect((await rowsOf(id)).map(({ lastStatus, lastError }) => lastStatus ?? lastError).toSorted()).toEqual(
      [410, 'webhook_disabled', 'webhook_disabled'],
    );
    expect(receiver.received).toHaveLength(1);
  });

  it('for the last time ends, and disables a webhook that nothing arrived at meanwhile', async () => {
    const { id, userId } = await addWebhook(service, { url: receiver.url });
    receiver.answer = 503;
    await happen(service, userId);
    await comeDue(id, MOST_TRIES - 1);
    startWorker();
    await until('the end', async () => (await countOf('failed')) === 1);
    await until('the webhook is disabled', async () => !(await webhookOf(id)).enabled);
    expect(await webhookOf(id)).toMatchObject({ disabledReason: 'failing' });
    expect(await emailsTo(userId)).toMatchObject([{ template: 'webhook_disabled', reason: 'failing' }]);
  });

  it('for the last time leaves a webhook alone that others arrived at', async () => {
    const { id, userId } = await addWebhook(service, { url: receiver.url });
    await happen(service, userId, 2);
    const [poison] = await rowsOf(id);
    receiver.answer = (response, { headers }) =>
      response.writeHead(headers['webhook-id'] === poison?.id ? 500 : 204).end();
    startWorker();
    await until('the other', async () => (await countOf('delivered')) === 1);
    await until('a failure', async () => idsOf(receiver).includes(poison?.id));
    await until('its settling', async () => (await webhookOf(id)).leasedUntil === null);
    await comeDue(id, MOST_TRIES - 1);
    await until('the end', async () => (await countOf('failed')) === 1);
    expect([await countOf('delivered'), (await webhookOf(id)).enabled]).toEqual([1, true]);
  });

  it('whose every attempt ended the process comes to an end', async () => {
    const { id, userId } = await addWebhook(service, { url: receiver.url });
    await happen(service, userId);
    await comeDue(id, MOST_TRIES);
    startWorker();
    await until('the end', async () => (await countOf('failed')) === 1);
    expect([receiver.received, (await rowsOf(id))[0]?.lastError]).toEqual([[], 'not_sent']);
  });

  it('is sent again ahead of what waits when its owner asks for it, though the endpoint is left alone', async () => {
    const { id, userId } = await addWebhook(service, { url: receiver.url });
    receiver.answer = 500;
    await happen(service, userId, 3);
    startWorker();
    await until('a failure', async () => (await webhookOf(id)).failures > 0);
    await service.db
      .$executeRaw`UPDATE webhooks SET held_until = clock_timestamp() + interval '1 hour', next_at = clock_timestamp() + interval '1 hour'`;
    const waiting = (await rowsOf(id)).at(-1)?.id ?? '';
    receiver.answer = 204;
    await service.handle(({ tx }) => deliveries.hurry(tx, waiting));

    await until('it', async () => (await countOf('delivered')) > 0);
    expect(idsOf(receiver)[1]).toBe(waiting);
  });
});
