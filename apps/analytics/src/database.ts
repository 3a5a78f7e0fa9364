import { join } from 'node:path';
import type { Transaction } from '@taskwire/messaging';
import { unwrap as clientOf } from '@taskwire/outbox';
import { openPrisma } from '@taskwire/service';
import { type Prisma, PrismaClient } from './generated/prisma/client.js';

export const migrations = join(import.meta.dirname, '../prisma/migrations');

export const openDatabase = (url: string, connections?: number) => openPrisma(PrismaClient, url, connections);

/** The client of a handler's transaction; for store files only. */
export function unwrap(tx: Transaction): Prisma.TransactionClient {
  return clientOf<Prisma.TransactionClient>(tx);
}
