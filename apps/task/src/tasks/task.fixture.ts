import { randomUUID } from 'node:crypto';
import type { Transaction } from '@taskwire/messaging';
import { migrate } from '@taskwire/service';
import { createTestDatabase } from '@taskwire/testing';
import { migrations, openDatabase } from '../database.js';
import { type Task, newTask } from './task.js';
import { TaskStore } from './task-store.js';

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

export interface TestStore {
  readonly store: TaskStore;
  inTransaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T>;
  drop(): Promise<void>;
}

/** The task store on a database of its own, migrated. */
export async function createTestStore(): Promise<TestStore> {
  const database = await createTestDatabase();
  await migrate(database.url, migrations);
  const { client, close } = openDatabase(database.url);
  return {
    store: new TaskStore(client),
    inTransaction: (work) => client.$transaction((tx) => work(tx as unknown as Transaction)),
    async drop() {
      await close();
      await database.drop();
    },
  };
}
