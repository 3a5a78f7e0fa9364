import { randomUUID } from 'node:crypto';
import type {
  CommandContract,
  EventContract,
  HandlerContext,
  MessageOf,
  PayloadOf,
  Transaction,
} from '@taskwire/messaging';
import { migrate } from '@taskwire/service';
import { createTestDatabase } from '@taskwire/testing';
import { migrations, openDatabase } from '../database.js';
import { TaskStore } from './task-store.js';
import { type Task, newTask } from './task.js';

export function taskOf(ownerId: string, overrides: Partial<Task> = {}): Task {
  const fields = {
    title: 'Buy milk',
    description: null,
    status: 'todo',
    priority: 'medium',
    dueAt: null,
    remindAt: null,
    labels: [],
  } as const;
  return { ...newTask(randomUUID(), ownerId, fields, new Date('2026-03-01T08:00:00.000Z')), ...overrides };
}

/** A command as its handler receives it, sent by the owner of the task. */
export function commandOf<C extends CommandContract>(
  contract: C,
  payload: PayloadOf<C> & { ownerId: string },
  actor: string | null = payload.ownerId,
): MessageOf<C> {
  return {
    id: randomUUID(),
    kind: 'command',
    type: contract.type,
    topic: contract.topic,
    partition: 0,
    key: contract.key(payload),
    payload,
    actor,
    roles: ['user'],
    session: null,
    firstSentAt: new Date(),
    deadline: null,
    requestHash: null,
    sequence: null,
  };
}

export interface Published {
  readonly type: string;
  readonly payload: unknown;
  readonly cause: string | undefined;
}

export interface TestStore {
  readonly store: TaskStore;
  inTransaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T>;
  /** Runs a handler in a transaction. Answers its result (or what it threw) and what it published. */
  handle<T>(handler: (context: HandlerContext) => Promise<T>): Promise<{ result: T; published: Published[] }>;
  drop(): Promise<void>;
}

/** The task store on a database of its own, migrated. */
export async function createTestStore(): Promise<TestStore> {
  const database = await createTestDatabase();
  await migrate(database.url, migrations);
  const { client, close } = openDatabase(database.url);
  const inTransaction: TestStore['inTransaction'] = (work) =>
    client.$transaction((tx) => work(tx as unknown as Transaction));
  return {
    store: new TaskStore(client),
    inTransaction,
    async handle(handler) {
      const published: Published[] = [];
      const result = await inTransaction((tx) => handler(contextOf(tx, published)));
      return { result, published };
    },
    async drop() {
      await close();
      await database.drop();
    },
  };
}

function contextOf(tx: Transaction, published: Published[]): HandlerContext {
  const refuse = () => {
    throw new Error('the task service schedules nothing');
  };
  return {
    tx,
    publish: <C extends EventContract>(contract: C, payload: PayloadOf<C>, cause?: { id: string }) => {
      published.push({ type: contract.type, payload: contract.payload.parse(payload), cause: cause?.id });
    },
    schedule: refuse,
    cancelSchedule: refuse,
  };
}
