import { RequestCompleted } from '@taskwire/contracts';
import type { PayloadOf, Transaction } from '@taskwire/messaging';
import { migrate } from '@taskwire/service';
import { createTestDatabase, messageOf } from '@taskwire/testing';
import { migrations, openDatabase } from './database.js';
import type { PrismaClient } from './generated/prisma/client.js';

export function requestOf(overrides: Partial<PayloadOf<typeof RequestCompleted>> = {}) {
  return messageOf(RequestCompleted, {
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
