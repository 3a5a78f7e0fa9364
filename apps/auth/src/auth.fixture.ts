import { randomUUID } from 'node:crypto';
import type { Transaction } from '@taskwire/messaging';
import { migrate } from '@taskwire/service';
import { createTestDatabase } from '@taskwire/testing';
import { AccountStore } from './accounts/account-store.js';
import { type Account, newAccount } from './accounts/account.js';
import { AuditStore } from './audit/audit-store.js';
import { migrations, openDatabase } from './database.js';
import { SessionStore } from './sessions/session-store.js';

export function accountOf(overrides: Partial<Account> = {}): Account {
  const person = {
    name: 'Ada',
    timeZone: 'UTC',
    locale: 'en-GB',
    passwordHash: '$none',
    roles: ['user'],
  } as const;
  const email = `${randomUUID()}@example.com`;
  return { ...newAccount({ email, ...person }, new Date('2026-03-01T08:00:00.000Z')), ...overrides };
}

export interface TestStores {
  readonly url: string;
  readonly audit: AuditStore;
  readonly accounts: AccountStore;
  readonly sessions: SessionStore;
  inTransaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T>;
  drop(): Promise<void>;
}

/** The stores of auth on a database of their own, migrated. */
export async function createTestStores(): Promise<TestStores> {
  const database = await createTestDatabase();
  await migrate(database.url, migrations);
  const { client, close } = openDatabase(database.url);
  return {
    url: database.url,
    audit: new AuditStore(client),
    accounts: new AccountStore(client),
    sessions: new SessionStore(client),
    inTransaction: (work) => client.$transaction((tx) => work(tx as unknown as Transaction)),
    async drop() {
      await close();
      await database.drop();
    },
  };
}
