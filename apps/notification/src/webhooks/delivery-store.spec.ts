import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TaskCompleted, TaskCreated, TaskDeleted, TaskUpdated } from '@taskwire/contracts';
import { messageOf, taskFact } from '@taskwire/testing';
import { createTestService, type TestService } from '../notification.fixture.js';
import type { TaskEvent } from '../tasks/task-event.js';
import { DeliveryStore } from './delivery-store.js';
import { sendTaskEvents } from './send-task-events.js';
import { MOST_WAITING, MOST_WEBHOOKS } from './webhook.js';
import { WebhookStore } from './webhook-store.js';
import { addWebhook, happen } from './webhooks.fixture.js';

let service: TestService;
let webhooks: WebhookStore;
let deliveries: DeliveryStore;
beforeAll(async () => {
  service = await createTestService();
  webhooks = new WebhookStore(service.db);
  deliveries = new DeliveryStore(service.db);
});
afterAll(() => service.drop());

const follow = (...events: TaskEvent[]) =>
  service.handle((context) => sendTaskEvents(deliveries, events, context));
const rowsOf = (webhookId: string) =>
  service.db.webhookDelivery.findMany({ where: { webhookId }, orderBy: { dueAt: 'asc' } });
const change = (id: string, changes: Parameters<WebhookStore['change']>[2]) =>
  service.handle(({ tx }) => webhooks.change(tx, id, changes));

describe('an event', () => {
  it('becomes one delivery for each webhook of its owner that wants it, and for nobody else', async () => {
    const userId = randomUUID();
    const both = await addWebhook(service, { userId, events: [TaskCreated.type, TaskUpdated.type] });
    const deleted = await addWebhook(service, { userId, events: [TaskDeleted.type] });
    const disabled = await addWebhook(service, { userId });
    await change(disabled.id, { enabled: false });
    const foreign = await addWebhook(service);
    const task = taskFact({ ownerId: userId });
    const created = messageOf(TaskCreated, { task });
    const updated = messageOf(TaskUpdated, { task: { ...task, version: 2 }, changed: ['title'] });
    await follow(
      created,
      messageOf(TaskCompleted, { task }),
      updated,
      messageOf(TaskCreated, { task: taskFact() }),
    );

    const rows = await rowsOf(both.id);
    expect(rows).toMatchObject([
      { type: TaskCreated.type, state: 'pending', attempts: 0 },
      { type: TaskUpdated.type, state: 'pending', attempts: 0 },
    ]);
    expect(JSON.parse(rows[1]?.body ?? '')).toEqual({
      type: TaskUpdated.type,
      timestamp: updated.firstSentAt.toISOString(),
      data: updated.payload,
    });
    for (const { id } of [deleted, disabled, foreign]) expect(await rowsOf(id)).toEqual([]);
  });

  it('is not sent where too many wait already, and says so', async () => {
    const { id, userId } = await addWebhook(service);
    await happen(service, userId, MOST_WAITING - 1);
    await happen(service, userId, 3);

    const counted = await service.db.webhookDelivery.groupBy({
      by: ['state', 'lastError'],
      where: { webhookId: id },
      _count: true,
      orderBy: { state: 'asc' },
    });
    expect(counted).toEqual([
      { state: 'failed', lastError: 'too_many_waiting', _count: 2 },
      { state: 'pending', lastError: null, _count: MOST_WAITING },
    ]);
  });

  it('leaves nothing behind when its transaction is rolled back', async () => {
    const { id, userId } = await addWebhook(service);
    const failing = service.handle(async (context) => {
      const event = messageOf(TaskCreated, { task: taskFact({ ownerId: userId }) });
      await sendTaskEvents(deliveries, [event], context);
      throw new Error('failed after it');
    });
    await expect(failing).rejects.toThrow('failed after it');
    expect(await rowsOf(id)).toEqual([]);
    expect(await service.db.webhook.findUnique({ where: { id } })).toMatchObject({ nextAt: null });
  });
});

describe('webhooks', () => {
  it('are as many as an account may have, also when all are made at once', async () => {
    const userId = randomUUID();
    await Promise.all(Array.from({ length: MOST_WEBHOOKS + 5 }, () => addWebhook(service, { userId })));
    expect(await webhooks.list(userId)).toHaveLength(MOST_WEBHOOKS);
    await addWebhook(service);
  });

  it('keep their secret sealed', async () => {
    const { id, secret } = await addWebhook(service);
    const [row] = await service.db.$queryRaw<{ text: string }[]>`
      SELECT webhooks::text || encode(sealed_secret, 'escape') AS text FROM webhooks WHERE id = ${id}::uuid`;
    expect(row?.text).toContain(id);
    expect(row?.text).not.toContain(secret.slice('whsec_'.length));
  });

  it('are known to their owner alone', async () => {
    const { id, userId } = await addWebhook(service);
    await happen(service, userId);
    const [row] = await rowsOf(id);
    const other = randomUUID();
    const inTransaction = await service.handle(async ({ tx }) => [
      await webhooks.findForChange(tx, other, id),
      await deliveries.findWebhook(tx, other, row?.id ?? ''),
      await webhooks.remove(tx, other, id),
    ]);

    expect(inTransaction.result).toEqual([null, null, false]);
    expect(await webhooks.find(other, id)).toBeNull();
    expect(await deliveries.find(other, row?.id ?? '')).toBeNull();
    expect(await webhooks.find(userId, id)).toMatchObject({ id });
    expect(await deliveries.find(userId, row?.id ?? '')).toMatchObject({ webhookId: id });
  });

  it('that are disabled send nothing of what waits, which can be had again', async () => {
    const { id, userId } = await addWebhook(service);
    await happen(service, userId, 2);
    await change(id, { enabled: false });
    const [first] = await rowsOf(id);
    expect(first).toMatchObject({ state: 'failed', lastError: 'webhook_disabled' });

    await change(id, { enabled: true });
    const { result } = await service.handle(({ tx }) => deliveries.hurry(tx, first?.id ?? ''));
    expect(result).toMatchObject({ id: first?.id, state: 'pending', endedAt: null });
  });

  it('are erased with their user: secret, URL and all that was sent', async () => {
    const userId = randomUUID();
    const [one, two] = [await addWebhook(service, { userId }), await addWebhook(service, { userId })];
    const kept = await addWebhook(service);
    await happen(service, userId, 3);
    await happen(service, kept.userId);
    await service.handle(({ tx }) => webhooks.erase(tx, [userId]));

    expect(await webhooks.list(userId)).toEqual([]);
    const left = await service.db.webhookDelivery.count({ where: { webhookId: { in: [one.id, two.id] } } });
    expect([left, (await rowsOf(kept.id)).length]).toEqual([0, 1]);
  });
});

describe('deliveries', () => {
  it('are listed newest first, by page and state', async () => {
    const { id, userId } = await addWebhook(service);
    for (let count = 0; count < 5; count += 1) await happen(service, userId);
    const all = await deliveries.list(id, { limit: 10 });
    expect(all.map(({ createdAt }) => createdAt)).toEqual(
      all
        .map(({ createdAt }) => createdAt)
        .toSorted()
        .toReversed(),
    );
    const page = await deliveries.list(id, { limit: 2, before: all[1]?.id });
    expect(page.map((one) => one.id)).toEqual([all[2]?.id, all[3]?.id]);
    expect(await deliveries.list(id, { limit: 10, state: 'failed' })).toEqual([]);
  });

  it('are forgotten some time after they ended, those that wait never', async () => {
    const { id, userId } = await addWebhook(service);
    await happen(service, userId, 3);
    const [old, recent] = await rowsOf(id);
    await service.db.$executeRaw`
      UPDATE webhook_deliveries SET state = 'delivered', ended_at = clock_timestamp()
        - CASE WHEN id = ${old?.id}::uuid THEN interval '15 days' ELSE interval '13 days' END
      WHERE id IN (${old?.id}::uuid, ${recent?.id}::uuid)`;
    expect(await deliveries.forget(14)).toBe(1);
    expect((await rowsOf(id)).map((row) => row.id)).not.toContain(old?.id);
    expect(await rowsOf(id)).toHaveLength(2);
  });
});
