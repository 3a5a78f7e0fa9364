import { randomUUID } from 'node:crypto';
import { RequestCompleted, type TaskFact } from '@taskwire/contracts';
import type { EventContract, MessageOf, PayloadOf, Transaction } from '@taskwire/messaging';
import { migrate } from '@taskwire/service';
import { createTestDatabase } from '@taskwire/testing';
import { migrations, openDatabase } from './database.js';
import type { PrismaClient } from './generated/prisma/client.js';

export function eventOf<C extends EventContract>(
  contract: C,
  payload: PayloadOf<C>,
  overrides: Partial<MessageOf<C>> = {},
): MessageOf<C> {
  return {
    id: randomUUID(),
    kind: 'event',
    type: contract.type,
    topic: contract.topic,
    partition: 0,
    key: null,
    payload,
    actor: null,
    roles: [],
    session: null,
    firstSentAt: new Date('2026-03-01T08:00:00.000Z'),
    deadline: null,
    requestHash: null,
    sequence: null,
    ...overrides,
  };
}

export function taskFact(overrides: Partial<TaskFact> = {}): TaskFact {
  return {
    id: randomUUID(),
    ownerId: randomUUID(),
    title: 'Water the plants',
    status: 'todo',
    priority: 'medium',
    dueAt: null,
    remindAt: null,
    labels: [],
    version: 1,
    createdAt: '2026-03-01T08:00:00.000Z',
    updatedAt: '2026-03-01T08:00:00.000Z',
    completedAt: null,
    ...overrides,
  };
}

export function requestOf(overrides: Partial<PayloadOf<typeof RequestCompleted>> = {}) {
  return eventOf(RequestCompleted, {
    route: '/v1/tasks',
    method: 'GET',
    status: 200,
    durationMs: 12,
    weight: 1,
    userId: null,
    at: '2026-03-01T08:00:00.000Z',
    ...overrides,
  });
}

export interface TestStore {
  readonly url: string;
  readonly db: PrismaClient;
  inTransaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T>;
  drop(): Promise<void>;
}

/** The analytics database, empty and migrated. */
export async function createTestStore(): Promise<TestStore> {
  const database = await createTestDatabase();
  await migrate(database.url, migrations);
  const { client, close } = openDatabase(database.url);
  return {
    url: database.url,
    db: client,
    inTransaction: (work) => client.$transaction((tx) => work(tx as unknown as Transaction)),
    async drop() {
      await close();
      await database.drop();
    },
  };
}
