import { join } from 'node:path';
import { PrismaPg } from '@prisma/adapter-pg';
import { PrismaClient } from './generated/prisma/client.js';

export const migrations = join(import.meta.dirname, '../prisma/migrations');

export function openDatabase(url: string): { client: PrismaClient; close(): Promise<void> } {
  // Longer formats quote the arguments of a call, and with them addresses and hashes, into logs.
  const errorFormat = 'minimal';
  const client = new PrismaClient({ adapter: new PrismaPg({ connectionString: url }), errorFormat });
  return { client, close: () => client.$disconnect() };
}
