import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { brokers } from '../brokers.js';
import { busUnder, type BusUnderTest } from '../buses.js';
import { answerOf, type Client, signUp } from './client.js';
import { type DeafGateway, deafGateway } from './deaf-gateway.js';
import { doctor } from './doctor.js';
import { openEvents } from './live-clients.js';
import { type ForeignConsumer, foreignConsumer } from './foreign-consumer.js';
import { type Platform, startPlatform } from './platform.js';
import { expectUnknownOutcome } from './unknown-outcome.js';
import { until } from './until.js';

const INTERNAL_TOKEN = 'internal-token-of-the-tests-0123456789';
const ANSWER_LIMIT_MS = 45_000;

if (brokers.length === 0) it.skip('the platform over a broker: there is none', () => undefined);

describe.each(brokers)('the platform over %s', (name) => {
  let bus: BusUnderTest;
  let platform: Platform;
  let deaf: DeafGateway | undefined;
  let foreign: ForeignConsumer | undefined;
  let ada: Client;

  beforeAll(async () => {
    bus = await busUnder(name);
    platform = await startPlatform({ env: { ...bus.env, INTERNAL_TOKEN } });
    ada = await signUp(platform.api);
  }, 60_000);
  afterAll(async () => {
    await platform?.stop();
    await deaf?.close();
    await foreign?.close();
    await bus?.remove();
  }, 60_000);

  const titles = async (client: Client) =>
    (await answerOf(client.api.GET('/v1/tasks', { params: { query: { limit: 100 } } }))).body.tasks.map(
      ({ title }) => title,
    );

  /** Sends one create until its end is known, as a careful client does: always with the same key. */
  async function createForSure(client: Client, title: string): Promise<void> {
    const key = { 'idempotency-key': randomUUID(), prefer: 'wait=2' };
    const end = performance.now() + ANSWER_LIMIT_MS;
    for (;;) {
      const answer = await answerOf(client.api.POST('/v1/tasks', { body: { title }, headers: key })).catch(
        () => undefined,
      );
      if (answer?.status === 201) return;
      const isOpen = answer === undefined || [202, 503, 504].includes(answer.status);
      if (!isOpen || performance.now() > end) throw new Error(`"${title}" ended with ${answer?.status}`);
      await sleep(200);
    }
  }

  it('is found in order by the doctor', async () => {
    expect(await doctor(platform, INTERNAL_TOKEN)).toEqual({ printed: ['all is well'], failed: undefined });
  });

  if (name === 'kafka') {
    it('is refused in production on a broker alone, unless wanted so', async () => {
      const production = { NODE_ENV: 'production', LOG_LEVEL: 'silent' };
      await expect(platform.addGateway(production)).rejects.toThrow(
        /not started:\n.*task\.commands\.v1.* on Kafka: min\.insync\.replicas is 1, with 1 replica /,
      );
      await platform.addGateway({ ...production, KAFKA_MIN_INSYNC_REPLICAS: '1' });
    });
  }

  it('carries a write to its answer, to notification, to analytics and to live clients', async () => {
    const live = await openEvents(`${platform.api}/v1/live?lastEventId=0`, {
      authorization: `Bearer ${ada.token}`,
    });
    const task = await ada.createTask('A');
    const frames = await live.frames(2);
    live.close();
    const { notifications } = await until(
      'the notification',
      async () => (await answerOf(ada.api.GET('/v1/notifications'))).body,
      (list) => list.notifications.some(({ taskId }) => taskId === task.id),
    );
    const mine = await until(
      'analytics',
      async () => (await answerOf(ada.api.GET('/v1/analytics/me'))).body,
      ({ tasksCreated }) => tasksCreated === 1,
    );

    expect(frames.map(({ event }) => event)).toContain('task.created.v1');
    expect(notifications.filter(({ taskId }) => taskId === task.id)).toHaveLength(1);
    expect(mine.tasksCreated).toBe(1);
  });

  it('sends commands and events that others read as valid CloudEvents', async () => {
    const consumer = (foreign = await foreignConsumer(name, bus.env));
    const { id } = await ada.createTask('read by others');
    const sent = ['task.create.v1', 'task.created.v1', 'notification.feed.appended.v1'];
    const events = await until(
      'all that it causes',
      () => consumer.read(),
      (heard) => sent.every((type) => heard.some((event) => event.type === type && isOf(event, id))),
      30_000,
    );
    const created = events.find((event) => event.type === 'task.created.v1' && isOf(event, id));

    expect(created).toMatchObject({
      ...{ specversion: '1.0', source: '/taskwire/task', datacontenttype: 'application/json' },
      ...{ partitionkey: ada.user.id, actor: ada.user.id, sequence: expect.stringMatching(/^\d+$/) },
      data: { task: { id, title: 'read by others' } },
    });
  }, 60_000);

  it('answers a repeat with the same task, and another body with 422', async () => {
    const eve = await signUp(platform.api);
    const key = { 'idempotency-key': randomUUID() };
    const [first, repeat] = [
      await answerOf(eve.api.POST('/v1/tasks', { body: { title: 'once' }, headers: key })),
      await answerOf(eve.api.POST('/v1/tasks', { body: { title: 'once' }, headers: key })),
    ];
    const other = await answerOf(eve.api.POST('/v1/tasks', { body: { title: 'twice' }, headers: key }));

    expect(repeat).toMatchObject({ status: 201, body: { id: first.body.id } });
    expect(other.status).toBe(422);
    expect(await titles(eve)).toEqual(['once']);
  });

  it('tells that an outcome is unknown when the confirmation is lost; the repeat with its key has one effect', async () => {
    deaf = await deafGateway(platform);
    await expectUnknownOutcome(deaf, await signUp(platform.api));
  }, 60_000);

  it('ends every write once while services come and go', async () => {
    const eve = await signUp(platform.api);
    const wanted = Array.from({ length: 30 }, (_, n) => `task ${n}`);
    let restarting = true;
    const restarts = (async () => {
      for (const service of ['task', 'gateway', 'task'] as const) {
        await platform.stopService(service);
        await platform.startService(service);
      }
      restarting = false;
    })();
    for (const title of wanted) {
      await createForSure(eve, title);
      if (restarting) await sleep(50);
    }
    await restarts;

    expect((await titles(eve)).toSorted()).toEqual(wanted.toSorted());
  }, 120_000);
});

const isOf = ({ data }: { data?: unknown }, taskId: string): boolean => JSON.stringify(data).includes(taskId);
