import { randomUUID } from 'node:crypto';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CommandEnding } from '@taskwire/contracts';
import { createStore, install, pgExecutor } from '@taskwire/outbox';
import { createLogger } from '@taskwire/telemetry';
import { createTestDatabase, type TestDatabase } from '@taskwire/testing';
import { Pool } from 'pg';
import { createHttpApp } from './http-server.js';
import { OperationsController } from './operations.controller.js';
import { CONFIG, OUTBOX_STORE } from './tokens.js';

const INTERNAL_TOKEN = 'internal-token-of-the-tests-0123456789';
const MINUTE = 60_000;

let database: TestDatabase;
let pool: Pool;
let app: NestFastifyApplication;
let url: string;

beforeAll(async () => {
  database = await createTestDatabase();
  pool = new Pool({ connectionString: database.url });
  const executor = pgExecutor(pool);
  await install(executor);
  class TestModule {}
  const module = {
    module: TestModule,
    controllers: [OperationsController],
    providers: [
      { provide: CONFIG, useValue: { INTERNAL_TOKEN } },
      { provide: OUTBOX_STORE, useValue: createStore({ executor, source: '/test' }) },
    ],
  };
  app = await createHttpApp('task', module, createLogger({ service: 'task', env: { LOG_LEVEL: 'silent' } }));
  await app.listen(0, '127.0.0.1');
  url = await app.getUrl();
});
afterAll(async () => {
  await app.close();
  await pool.end();
  await database.drop();
});

interface Times {
  readonly sentAgo?: number;
  readonly deadlineIn?: number;
}

async function ask(method: 'GET' | 'DELETE', id: string, { sentAgo = 0, deadlineIn = MINUTE }: Times = {}) {
  const query = new URLSearchParams({
    subscriber: 'task.commands',
    owner: randomUUID(),
    firstSentAt: new Date(Date.now() - sentAgo).toISOString(),
    deadline: new Date(Date.now() + deadlineIn).toISOString(),
  });
  const response = await fetch(`${url}/internal/operations/${id}?${query.toString()}`, {
    method,
    headers: { authorization: `Bearer ${INTERNAL_TOKEN}` },
  });
  expect(response.status).toBe(200);
  return CommandEnding.parse(await response.json());
}

async function endAs(id: string, ending: string, reply: unknown): Promise<void> {
  await pool.query(
    `insert into inbox (subscriber, id, request_hash, ending, reply, problem, first_sent_at)
     values ('task.commands', $1, 'hash', $2, $3, null, now())`,
    [id, ending, JSON.stringify(reply)],
  );
}

describe('what became of a command', () => {
  it('is what the inbox says', async () => {
    const id = randomUUID();
    await endAs(id, 'done', { title: 'x' });

    expect(await ask('GET', id)).toEqual({
      ...{ status: 'done', requestHash: 'hash', reply: { title: 'x' }, problem: null },
      endedAgoMs: expect.any(Number),
    });
  });

  it('is pending before its deadline, and expired for good after it', async () => {
    const id = randomUUID();
    expect((await ask('GET', id)).status).toBe('pending');

    const late = { sentAgo: 2 * MINUTE, deadlineIn: -MINUTE };
    expect((await ask('GET', id, late)).status).toBe('expired');
    expect((await ask('GET', id)).status).toBe('expired');
  });

  it('is cancelled when nothing ended it before', async () => {
    const id = randomUUID();
    expect((await ask('DELETE', id)).status).toBe('cancelled');
    expect((await ask('GET', id)).status).toBe('cancelled');
  });

  it('stays what it was when it is cancelled too late', async () => {
    const id = randomUUID();
    await endAs(id, 'done', {});

    expect((await ask('DELETE', id)).status).toBe('done');
  });

  it('is told to the platform only, and only when asked for properly', async () => {
    const path = `${url}/internal/operations/${randomUUID()}`;
    const authorization = `Bearer ${INTERNAL_TOKEN}`;

    expect((await fetch(path)).status).toBe(401);
    expect((await fetch(path, { headers: { authorization: 'Bearer guess' } })).status).toBe(401);
    expect((await fetch(path, { headers: { authorization } })).status).toBe(400);
  });
});
