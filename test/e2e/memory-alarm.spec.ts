import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { hasRabbitmq, type LocalRabbitmq, startLocalRabbitmq } from '@taskwire/testing';
import { answerOf, call, type Client, signUp } from './client.js';
import { type Platform, startPlatform } from './platform.js';
import { until } from './until.js';

const START_MS = 120_000;
/** How long a write waits for its end: a refusal must not. */
const WAIT_S = 10;

(hasRabbitmq() ? describe : describe.skip)('while RabbitMQ is short of memory', () => {
  let rabbitmq: LocalRabbitmq | undefined;
  let platform: Platform | undefined;
  let ada: Client;

  beforeAll(async () => {
    rabbitmq = await startLocalRabbitmq();
    platform = await startPlatform({ env: { BUS: 'rabbitmq', RABBITMQ_URL: rabbitmq.address } });
    ada = await signUp(platform.api);
  }, START_MS);
  afterAll(async () => {
    await platform?.stop();
    await rabbitmq?.remove();
  }, START_MS);

  const create = (title: string, wait = WAIT_S) =>
    answerOf(
      ada.api.POST('/v1/tasks', {
        params: { header: { 'Idempotency-Key': `${title}-key`, Prefer: `wait=${wait}` } },
        body: { title },
      }),
    );
  const titles = async () =>
    (await answerOf(ada.api.GET('/v1/tasks', { params: { query: { limit: 100 } } }))).body.tasks.map(
      ({ title }) => title,
    );
  const readiness = () =>
    call<{ status: string; missing?: { bus?: string } }>(`${platform?.api}/health/ready`, 'GET');

  it('health names the bus, writes are refused at once, and reads answered; then each write is done once', async () => {
    await create('before');
    const wanted = Array.from({ length: 10 }, (_, n) => `task-${n}`);

    await rabbitmq?.ctl('set_vm_memory_high_watermark', 'absolute', '1');
    // The gateway may not have been told yet.
    const first = await create('first', 1);
    const unready = await until('health', readiness, ({ status }) => status === 503, 30_000);
    const began = performance.now();
    const refused = await Promise.all(wanted.map((title) => create(title)));
    const tookMs = performance.now() - began;
    const during = await titles();
    await rabbitmq?.ctl('set_vm_memory_high_watermark', '0.6');
    await until('health again', readiness, ({ status }) => status === 200, 30_000);
    const all = ['first', ...wanted];
    const done = await Promise.all(all.map((title) => create(title)));
    const repeated = await Promise.all(all.map((title) => create(title)));

    expect([503, 504]).toContain(first.status);
    expect(unready.body.missing?.bus).toMatch(/the broker takes no messages \(low on memory\)/);
    for (const { status, problem, headers } of refused) {
      expect({ status, code: problem?.code }).toEqual({ status: 503, code: 'bus_unavailable' });
      expect(headers.get('content-type')).toContain('application/problem+json');
      expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
    }
    expect(tookMs).toBeLessThan(WAIT_S * 1_000);
    expect(during).toEqual(['before']);
    expect(done.map(({ status }) => status)).toEqual(all.map(() => 201));
    expect(repeated.map(({ body }) => body.id)).toEqual(done.map(({ body }) => body.id));
    expect((await titles()).toSorted()).toEqual(['before', ...all].toSorted());
  }, 120_000);
});
