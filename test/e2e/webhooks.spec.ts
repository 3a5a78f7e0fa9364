import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type {
  CreatedWebhook,
  ProblemBody,
  Webhook,
  WebhookDelivery,
  WebhookDeliveryDetail,
  WebhookDeliveryList,
} from '@taskwire/contracts';
import { freePorts } from '@taskwire/testing';
import { Client as Database } from 'pg';
import { blocksOf, root } from '../alone/guide.js';
import { type BodyOf, type Client, signUp } from './client.js';
import { type Platform, startPlatform } from './platform.js';
import { until } from './until.js';

type Deliveries = BodyOf<typeof WebhookDeliveryList>;

let platform: Platform;
let ada: Client;
let folder: string;
let port: number;
let receiver: Receiver | undefined;

beforeAll(async () => {
  platform = await startPlatform({ env: { WEBHOOK_TARGETS: 'any' } });
  ada = await signUp(platform.api);
  [port = 0] = await freePorts(1);
  folder = await mkdtemp(join(tmpdir(), 'taskwire-webhooks-'));
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
  for (const { file, text } of await blocksOf('webhooks.md')) await writeFile(join(folder, file), text);
}, 60_000);
afterAll(async () => {
  await receiver?.stop();
  await platform?.stop();
  await rm(folder, { recursive: true, force: true });
}, 30_000);

interface Receiver {
  printed(): string;
  stop(): Promise<void>;
}

/** The program of the guide, in a process of its own. */
function startReceiver(secret: string): Receiver {
  let text = '';
  const child: ChildProcess = spawn(process.execPath, ['receiver.mjs'], {
    cwd: folder,
    env: { PATH: process.env.PATH, WEBHOOK_SECRET: secret, PORT: String(port) },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  child.stdout?.on('data', (chunk: Buffer) => (text += chunk.toString()));
  return {
    printed: () => text,
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill();
      await once(child, 'exit');
    },
  };
}

const create = (client: Client, events: string[]) =>
  client.call<CreatedWebhook>('POST', '/v1/webhooks', { url: `http://127.0.0.1:${port}/hooks`, events });
const logOf = async (client: Client, id: string) =>
  (await client.call<Deliveries>('GET', `/v1/webhooks/${id}/deliveries`)).body.deliveries;
const delivered = (client: Client, id: string, count: number) =>
  until(
    `${count} deliveries`,
    () => logOf(client, id),
    (log) => log.filter(({ state }) => state === 'delivered').length >= count,
  );

async function rowsOf<Row extends object>(url: string, sql: string, ...values: string[]): Promise<Row[]> {
  const database = new Database({ connectionString: url });
  await database.connect();
  try {
    return (await database.query<Row>(sql, values)).rows;
  } finally {
    await database.end();
  }
}

describe('webhooks', () => {
  it('reach the receiver of the guide, which believes nobody else', async () => {
    const { status, headers, body: webhook } = await create(ada, ['task.created.v1']);
    const path = `/v1/webhooks/${webhook.id}`;
    expect([status, headers.get('location'), headers.get('cache-control')]).toEqual([201, path, 'no-store']);
    receiver = startReceiver(webhook.secret);
    const task = await ada.createTask('Water the plants');
    await ada.call('POST', `/v1/tasks/${task.id}/complete`);

    // What came before the receiver listened is tried again after some seconds.
    const [delivery] = await delivered(ada, webhook.id, 1);
    expect(receiver.printed()).toBe('task.created.v1 Water the plants\n');
    const detail = await ada.call<BodyOf<typeof WebhookDeliveryDetail>>(
      'GET',
      `/v1/webhooks/deliveries/${delivery?.id}`,
    );
    expect(detail.body.body).toMatchObject({ type: 'task.created.v1', data: { task: { id: task.id } } });
    const forged = await fetch(webhook.url, {
      method: 'POST',
      headers: {
        'webhook-id': 'x',
        'webhook-timestamp': String(Math.floor(Date.now() / 1_000)),
        'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
      },
      body: '{}',
    });
    expect(forged.status).toBe(400);
  });

  it('are told of to their owner by mail, and on record', async () => {
    const bob = await signUp(platform.api);
    const { body: webhook } = await create(bob, ['task.created.v1']);
    const audit = `select details::json->>'id' as id, actor, session is not null as "hasSession" from audit_entries
      where subject = $1 and action = 'webhook.created'`;
    const recorded = await until(
      'the audit row',
      () => rowsOf(platform.databases.auth, audit, bob.user.id),
      (rows) => rows.length > 0,
    );
    const mails = await until(
      'the email',
      () =>
        rowsOf<{ text: string }>(
          platform.databases.notification,
          'select text from mailbox_messages where recipient = $1 and subject like $2',
          ...[bob.email, 'A webhook was added%'],
        ),
      (rows) => rows.length > 0,
    );

    expect(recorded).toEqual([{ id: webhook.id, actor: bob.user.id, hasSession: true }]);
    expect(mails[0]?.text).toContain(`127.0.0.1:${port}`);
    expect(mails[0]?.text).not.toContain('/hooks');
  });

  it('are pinged once for one Idempotency-Key, and sent again on request', async () => {
    const { body: webhook } = await create(ada, ['task.deleted.v1']);
    const key = { 'idempotency-key': randomUUID() };
    const ping = await ada.call<WebhookDelivery>('POST', `/v1/webhooks/${webhook.id}/ping`, undefined, key);
    const repeat = await ada.call<WebhookDelivery>('POST', `/v1/webhooks/${webhook.id}/ping`, undefined, key);
    const path = `/v1/webhooks/deliveries/${ping.body.id}`;

    expect([ping.status, ping.headers.get('location')]).toEqual([201, path]);
    expect([repeat.body, repeat.headers.get('idempotency-replayed')]).toEqual([ping.body, 'true']);
    expect(await logOf(ada, webhook.id)).toHaveLength(1);
    const ended = await until(
      'its attempt',
      async () => (await ada.call<WebhookDelivery>('GET', path)).body,
      ({ lastStatus, lastError }) => (lastStatus ?? lastError) !== null,
    );
    // Signed with another secret than the one that the receiver knows.
    expect(ended).toMatchObject({ state: 'pending', attempts: 1, lastStatus: 400 });
    const again = await ada.call<WebhookDelivery>('POST', `${path}/resend`);
    expect([again.status, again.body.id]).toEqual([200, ping.body.id]);
    await until(
      'the next attempt',
      async () => (await ada.call<WebhookDelivery>('GET', path)).body,
      ({ attempts }) => attempts === 2,
    );
  });

  it('are changed under their ETag, listed and deleted', async () => {
    const eve = await signUp(platform.api);
    const { body: webhook } = await create(eve, ['task.created.v1', 'task.created.v1']);
    const path = `/v1/webhooks/${webhook.id}`;
    const read = await eve.call<Webhook>('GET', path);
    const ifMatch = { 'if-match': read.headers.get('etag') ?? '' };
    const changed = await eve.call<Webhook>('PATCH', path, { enabled: false }, ifMatch);
    const late = await eve.call<ProblemBody>('PATCH', path, { enabled: true }, ifMatch);

    expect(read.body).toMatchObject({ events: ['task.created.v1'], enabled: true });
    expect([changed.status, changed.body, late.body.code]).toEqual([
      200,
      { ...read.body, enabled: false, version: 2 },
      'version_conflict',
    ]);
    expect((await eve.call('GET', '/v1/webhooks')).body).toEqual({ webhooks: [changed.body] });
    expect((await eve.call<ProblemBody>('POST', `${path}/ping`)).body.code).toBe('webhook_disabled');
    expect((await eve.call('DELETE', path)).status).toBe(204);
    expect((await eve.call<ProblemBody>('GET', path)).body.code).toBe('not_found');
  });

  it('have one delivery for an event also when the service died in between', async () => {
    const eve = await signUp(platform.api);
    const { body: webhook } = await create(eve, ['task.created.v1']);
    await platform.stopService('notification');
    const titles = ['a', 'b', 'c'];
    for (const title of titles) await eve.createTask(title);
    await platform.startService('notification');

    await until(
      'an attempt of each',
      () => logOf(eve, webhook.id),
      (log) => log.length === titles.length,
    );
    const rows = await rowsOf<{ title: string }>(
      platform.databases.notification,
      `select body::json #>> '{data,task,title}' as title from webhook_deliveries where webhook_id = $1 order by 1`,
      webhook.id,
    );
    expect(rows.map(({ title }) => title)).toEqual(titles);
  });
});
