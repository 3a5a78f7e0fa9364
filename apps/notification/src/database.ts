import { fileURLToPath } from 'node:url';
import { PrismaPg } from '@prisma/adapter-pg';
import type { Transaction } from '@taskwire/messaging';
import { unwrap as clientOf } from '@taskwire/outbox';
import { type Prisma, PrismaClient } from './generated/prisma/client.js';

export const migrations = fileURLToPath(new URL('../prisma/migrations', import.meta.url));

export function openDatabase(url: string): { client: PrismaClient; close(): Promise<void> } {
  const client = new PrismaClient({ adapter: new PrismaPg({ connectionString: url }) });
  return { client, close: () => client.$disconnect() };
}

/** The client of a handler's transaction; for store files only. */
export function unwrap(tx: Transaction): Prisma.TransactionClient {
  return clientOf<Prisma.TransactionClient>(tx);
}
