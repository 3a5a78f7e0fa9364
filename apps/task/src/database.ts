import { join } from 'node:path';
import { PrismaPg } from '@prisma/adapter-pg';
import { statementName } from '@taskwire/outbox';
import { PrismaClient } from './generated/prisma/client.js';

export const migrations = join(import.meta.dirname, '../prisma/migrations');

const CONNECT_LIMIT_MS = 5_000;
const STATEMENT_LIMIT_MS = 30_000;

export function openDatabase(url: string): { client: PrismaClient; close(): Promise<void> } {
  const limits = { connectionTimeoutMillis: CONNECT_LIMIT_MS, statement_timeout: STATEMENT_LIMIT_MS };
  const adapter = new PrismaPg(
    { connectionString: url, ...limits },
    { statementNameGenerator: ({ sql }) => statementName(sql) },
  );
  const client = new PrismaClient({ adapter });
  return { client, close: () => client.$disconnect() };
}
