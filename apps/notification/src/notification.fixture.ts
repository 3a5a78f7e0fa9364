import { randomUUID } from 'node:crypto';
import type { TaskFact } from '@taskwire/contracts';
import type {
  EventContract,
  HandlerContext,
  MessageContract,
  MessageOf,
  PayloadOf,
  Transaction,
} from '@taskwire/messaging';
import { migrate } from '@taskwire/service';
import { createTestDatabase } from '@taskwire/testing';
import { migrations, openDatabase } from './database.js';
import type { PrismaClient } from './generated/prisma/client.js';

export function messageOf<C extends MessageContract>(
  contract: C,
  payload: PayloadOf<C>,
  overrides: Partial<MessageOf<C>> = {},
): MessageOf<C> {
  return {
    id: randomUUID(),
    kind: contract.kind,
    type: contract.type,
    topic: contract.topic,
    partition: 0,
    key: contract.key(payload),
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
