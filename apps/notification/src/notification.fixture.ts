import type { EventContract, HandlerContext, PayloadOf, Transaction } from '@taskwire/messaging';
import { migrate } from '@taskwire/service';
import { createTestDatabase } from '@taskwire/testing';
import { migrations, openDatabase } from './database.js';
import type { PrismaClient } from './generated/prisma/client.js';

export interface Sent {
  readonly published: { type: string; payload: unknown; cause: string | undefined }[];
  /** By id; null: cancelled. */
  readonly schedule: Map<string, { payload: unknown; at: Date } | null>;
}

export interface TestService {
  readonly db: PrismaClient;
  /** Runs a handler in a transaction of its own. */
  handle<T>(work: (context: HandlerContext) => Promise<T>): Promise<Sent & { result: T }>;
  drop(): Promise<void>;
}

/** The notification database, empty and migrated. */
export async function createTestService(): Promise<TestService> {
  const database = await createTestDatabase();
  await migrate(database.url, migrations);
  const { client, close } = openDatabase(database.url);
  return {
    db: client,
    async handle(work) {
      const sent: Sent = { published: [], schedule: new Map() };
      const result = await client.$transaction((tx) => work(contextOf(tx as unknown as Transaction, sent)));
      return { ...sent, result };
    },
    async drop() {
      await close();
      await database.drop();
    },
  };
}

function contextOf(tx: Transaction, { published, schedule }: Sent): HandlerContext {
  return {
    tx,
    publish: <C extends EventContract>(contract: C, payload: PayloadOf<C>, cause?: { id: string }) => {
      published.push({ type: contract.type, payload: contract.payload.parse(payload), cause: cause?.id });
    },
    schedule: (contract, payload, { id, at }) =>
      schedule.set(id, { payload: contract.payload.parse(payload), at }),
    cancelSchedule: (id) => schedule.set(id, null),
  };
}
