import { PrismaPg } from '@prisma/adapter-pg';
import { PrismaPool, statementName } from '@taskwire/outbox';
import type { OpenDatabase } from './definition.js';

const CONNECT_LIMIT_MS = 5_000;

interface PrismaOptions {
  readonly adapter: PrismaPg;
  readonly errorFormat: 'minimal';
}

/** Opens a service's generated client, with limits on connecting and on statements, and plans that are kept by name. */
export function openPrisma<Client extends { $disconnect(): Promise<void> }>(
  PrismaClient: new (options: PrismaOptions) => Client,
  url: string,
  connections?: number,
): OpenDatabase<Client> {
  const pool = new PrismaPool({
    connectionString: url,
    connectionTimeoutMillis: CONNECT_LIMIT_MS,
    ...(connections !== undefined && { max: connections }),
  });
  const adapter = new PrismaPg(pool, {
    statementNameGenerator: ({ sql }) => statementName(sql),
    disposeExternalPool: true,
  });
  // Longer formats quote the arguments of a call, and with them addresses and hashes, into logs.
  const client = new PrismaClient({ adapter, errorFormat: 'minimal' });
  return { client, pool, close: () => client.$disconnect() };
}
