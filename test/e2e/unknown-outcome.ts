import { randomUUID } from 'node:crypto';
import { expect } from '@jest/globals';
import type { Operation } from '@taskwire/contracts';
import { answerOf, type Client } from './client.js';
import type { DeafGateway } from './deaf-gateway.js';
import { until } from './until.js';

const HEALED_LIMIT_MS = 30_000;

/** The confirmation of a write is lost: it is told so, with where to read what became of it, and its repeat has one effect. */
export async function expectUnknownOutcome(gateway: DeafGateway, ada: Client): Promise<void> {
  const api = gateway.apiFor(ada.token);
  const create = (title: string, key: string) =>
    answerOf(
      api.POST('/v1/tasks', { body: { title }, headers: { 'idempotency-key': key, prefer: 'wait=1' } }),
    );
  const key = randomUUID();
  await create('heard', randomUUID());
  gateway.deafen();
  const lost = await create('once', key);
  const location = lost.headers.get('location') ?? 'none';
  const operation = await until(
    'its end',
    () => ada.call<Operation>('GET', location),
    ({ body }) => body.status !== 'pending',
  );
  await gateway.heal();
  const repeated = await until(
    'the bus is heard again',
    () => create('once', key),
    ({ status }) => status === 201,
    HEALED_LIMIT_MS,
  );
  const { body } = await answerOf(ada.api.GET('/v1/tasks'));

  expect(lost).toMatchObject({ status: 504, problem: { code: 'outcome_unknown' } });
  expect(lost.headers.get('idempotency-key')).toBe(key);
  expect(operation).toMatchObject({ status: 200, body: { status: 'done', result: { title: 'once' } } });
  expect(repeated.headers.get('idempotency-replayed')).toBe('true');
  expect(repeated.body).toMatchObject(operation.body.result ?? {});
  expect(body.tasks.map(({ title }) => title)).toEqual(['once', 'heard']);
}
