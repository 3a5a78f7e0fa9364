import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { taskwire } from '@taskwire/client';
import type { Operation } from '@taskwire/contracts';
import { type FaultProxy, faultProxy } from '@taskwire/testing';
import { Client as Database } from 'pg';
import { answerOf, type Answer, type Client, signUp } from './client.js';
import { type DeafGateway, deafGateway } from './deaf-gateway.js';
import { openEvents } from './live-clients.js';
import { type Platform, startPlatform } from './platform.js';
import { busTarget } from './surroundings.js';
import { expectUnknownOutcome } from './unknown-outcome.js';
import { until } from './until.js';

let proxy: FaultProxy;
let platform: Platform;
let deaf: DeafGateway | undefined;
let ada: Client;

beforeAll(async () => {
  proxy = await faultProxy({ target: busTarget() });
  platform = await startPlatform({ busThrough: (url) => proxy.through(url) });
}, 60_000);
afterAll(async () => {
  await platform?.stop();
  await deaf?.close();
  await proxy?.close();
}, 30_000);
beforeEach(async () => {
  ada = await signUp(platform.api);
});

const titles = async () => (await answerOf(ada.api.GET('/v1/tasks'))).body.tasks.map(({ title }) => title);

function operation(answer: Answer<unknown>): Promise<Operation> {
  const location = answer.headers.get('location') ?? '';
  return until(
    'the operation has ended',
    async () => (await ada.call<Operation>('GET', location)).body,
    ({ status }) => status !== undefined && status !== 'pending',
    30_000,
  );
}

describe('while the bus is lost', () => {
  it('a write is refused, or its outcome told as unknown, and its repeat is done once', async () => {
    const key = { 'idempotency-key': randomUUID() };
    const create = () =>
      answerOf(ada.api.POST('/v1/tasks', { body: { title: 'once' }, headers: { ...key, prefer: 'wait=1' } }));
    await proxy.down();
    const refused = await create();
    const read = await answerOf(ada.api.GET('/v1/tasks'));
    await proxy.up();
    const done = await until('the bus is back', create, ({ status }) => status === 201, 30_000);

    expect([503, 504]).toContain(refused.status);
    expect(['bus_unavailable', 'outcome_unknown']).toContain(refused.problem?.code);
    expect(refused.headers.get('idempotency-key')).toBe(key['idempotency-key']);
    expect(read.status).toBe(200);
    expect(done.body).toMatchObject({ title: 'once' });
    expect(await titles()).toEqual(['once']);
  });
});

describe('when the confirmation of a write is lost', () => {
  it('its outcome is told as unknown, with where to read it, and its repeat has one effect', async () => {
    deaf = await deafGateway(platform);
    await expectUnknownOutcome(deaf, ada);
  }, 60_000);
});

describe('while the task service is down', () => {
  it('a write is taken, and done once the service is back', async () => {
    await platform.stopService('task');
    const taken = await answerOf(
      ada.api.POST('/v1/tasks', { body: { title: 'later' }, headers: { prefer: 'wait=1' } }),
    );
    const read = await answerOf(ada.api.GET('/v1/tasks'));
    await platform.startService('task');

    expect(taken).toMatchObject({ status: 202, body: { status: 'pending' } });
    expect(read).toMatchObject({ status: 503, body: { code: 'service_unavailable' } });
    expect(await operation(taken)).toMatchObject({ status: 'done', result: { title: 'later' } });
    expect(await titles()).toEqual(['later']);
  });
});

describe('while the task store is busy', () => {
  it('a write that has not run can be cancelled, and never runs', async () => {
    const blocker = new Database({ connectionString: platform.databases.task });
    await blocker.connect();
    await blocker.query('begin');
    await blocker.query('lock table tasks in access exclusive mode');
    const taken = await answerOf(
      ada.api.POST('/v1/tasks', { body: { title: 'never' }, headers: { prefer: 'respond-async' } }),
    );
    const location = taken.headers.get('location') ?? '';
    const cancelled = await ada.call<Operation>('DELETE', location);
    await blocker.query('rollback');
    await blocker.end();

    expect(cancelled).toMatchObject({
      status: 200,
      body: { status: 'cancelled', problem: { code: 'cancelled' } },
    });
    await ada.createTask('after');
    expect(await titles()).toEqual(['after']);
    expect((await ada.call<Operation>('GET', location)).body.status).toBe('cancelled');
  });
});

describe('after a restart of the gateway', () => {
  it('operations and live events go on where they were', async () => {
    const bearer = { authorization: `Bearer ${ada.token}` };
    const taken = await answerOf(
      ada.api.POST('/v1/tasks', { body: { title: 'A' }, headers: { prefer: 'respond-async' } }),
    );
    const before = await openEvents(`${platform.api}/v1/live?lastEventId=0`, bearer);
    const seen = (await before.frames(2)).length;
    await platform.stopService('gateway');
    await platform.startService('gateway');
    await ada.createTask('B');
    const after = await openEvents(`${platform.api}/v1/live`, { ...bearer, 'last-event-id': String(seen) });
    const [frame] = await after.frames(1);
    after.close();

    expect(frame).toMatchObject({ id: seen + 1, data: { title: 'B' } });
    if (taken.status === 202) expect((await operation(taken)).status).toBe('done');
  });
});

describe('a client of the package, over a restart of the gateway', () => {
  it('has each of its writes done once', async () => {
    const api = taskwire({ baseUrl: platform.api, token: () => ada.token });
    const wanted = Array.from({ length: 10 }, (_, n) => `task ${n}`);
    const writing = Promise.all(
      wanted.map((title, n) => sleep(n * 30).then(() => api.POST('/v1/tasks', { body: { title } }))),
    );
    await platform.stopService('gateway');
    await platform.startService('gateway');
    const answers = await writing;
    const { data } = await api.GET('/v1/tasks', { params: { query: { limit: 100 } } });

    expect(answers.map(({ response }) => response.status)).toEqual(wanted.map(() => 201));
    expect(data?.tasks.map(({ title }) => title).sort()).toEqual(wanted);
  });
});

describe('the repeat of a write after every process was started again', () => {
  it('gets the first answer, with its headers', async () => {
    const { id } = await ada.createTask('first');
    const path = `/v1/tasks/${id}`;
    const writes = [
      ['POST', '/v1/tasks', { title: 'second' }, {}],
      ['PATCH', path, { title: 'changed' }, { 'if-match': '"1"' }],
      ['POST', `${path}/complete`, undefined, {}],
      ['PUT', '/v1/notifications/preferences', { emailReminders: false, taskChanges: true }, {}],
      ['DELETE', path, undefined, { 'if-match': '"3"' }],
    ] as const;
    const keys = writes.map(() => randomUUID());
    const send = async () => {
      const answers = [];
      for (const [at, [method, to, body, headers]] of writes.entries()) {
        const { status, ...answer } = await ada.call(method, to, body, {
          ...headers,
          'idempotency-key': keys[at] ?? '',
        });
        const kept = ['content-type', 'etag', 'location', 'idempotency-key'];
        const named = Object.fromEntries(kept.map((name) => [name, answer.headers.get(name)]));
        answers.push({
          replayed: answer.headers.get('idempotency-replayed'),
          told: { status, body: answer.body, ...named },
        });
      }
      return answers;
    };
    const first = await send();
    const services = ['gateway', 'analytics', 'notification', 'task', 'auth'] as const;
    for (const name of services) await platform.stopService(name);
    for (const name of services.toReversed()) await platform.startService(name);
    const again = await send();

    expect(first.map(({ told }) => told.status)).toEqual([201, 200, 200, 200, 204]);
    expect(first.map(({ replayed }) => replayed)).toEqual(writes.map(() => null));
    expect(again).toEqual(first.map(({ told }) => ({ replayed: 'true', told })));
  }, 60_000);
});
