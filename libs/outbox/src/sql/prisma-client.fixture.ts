import { execFile } from 'node:child_process';
import { cp, mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { PrismaPg } from '@prisma/adapter-pg';
import { Client, type PoolConfig } from 'pg';
import type { PrismaRoot } from './prisma-executor.js';
import { PrismaPool } from './prisma-pool.js';
import { statementName } from './statement-name.js';

const run = promisify(execFile);
const root = join(import.meta.dirname, '../../../..');

interface EffectRow {
  id: string;
  key: string | null;
}

export interface TestTransaction {
  effect: {
    create(args: { data: EffectRow }): PromiseLike<EffectRow>;
    findMany(args?: object): PromiseLike<EffectRow[]>;
  };
  $executeRaw(query: TemplateStringsArray, ...values: unknown[]): PromiseLike<number>;
  $executeRawUnsafe(query: string, ...values: unknown[]): PromiseLike<number>;
  $queryRaw<T>(query: TemplateStringsArray, ...values: unknown[]): PromiseLike<T>;
  $queryRawUnsafe<T>(query: string, ...values: unknown[]): PromiseLike<T>;
}

export type TestPrisma = PrismaRoot & TestTransaction & { $disconnect(): Promise<void> };

const SCHEMA = `generator client {
  provider            = "prisma-client"
  output              = "../client"
  moduleFormat        = "esm"
  importFileExtension = "js"
  runtime             = "nodejs"
}

datasource db {
  provider = "postgresql"
}

model Effect {
  n   Int     @id @default(autoincrement())
  id  String
  key String?

  @@map("effects")
}
`;

const CONFIG = `import { defineConfig } from 'prisma/config';
export default defineConfig({
  schema: 'prisma',
  migrations: { path: 'prisma/migrations' },
  datasource: { url: process.env['DATABASE_URL'] ?? '' },
});
`;

const MIGRATION = `
CREATE TABLE "effects" (
    "n" SERIAL NOT NULL,
    "id" TEXT NOT NULL,
    "key" TEXT,

    CONSTRAINT "effects_pkey" PRIMARY KEY ("n")
);
`;

/** A service's Prisma folder, as a team would set it up: its own models, and the fragment and migration of this library. */
export class PrismaProject {
  readonly #folder: string;

  /** `name`: of its folder, so that several specs can run at once. */
  constructor(name: string) {
    this.#folder = join(root, 'libs/outbox/generated', name);
  }

  async create(): Promise<void> {
    const ours = join(import.meta.dirname, '../../prisma');
    const migrations = join(this.#folder, 'prisma/migrations');
    await rm(this.#folder, { recursive: true, force: true });
    for (const name of ['1_messaging', '2_effects', '3_operator_actions', '4_running_marks'])
      await mkdir(join(migrations, name), { recursive: true });
    await symlink(join(ours, 'messaging.prisma'), join(this.#folder, 'prisma/messaging.prisma'));
    await cp(join(ours, 'migration.sql'), join(migrations, '1_messaging/migration.sql'));
    await cp(join(ours, 'operator-actions.sql'), join(migrations, '3_operator_actions/migration.sql'));
    await cp(join(ours, 'running-marks.sql'), join(migrations, '4_running_marks/migration.sql'));
    await writeFile(join(migrations, '2_effects/migration.sql'), MIGRATION);
    await writeFile(join(migrations, 'migration_lock.toml'), 'provider = "postgresql"\n');
    await writeFile(join(this.#folder, 'prisma/schema.prisma'), SCHEMA);
    await writeFile(join(this.#folder, 'prisma.config.ts'), CONFIG);
  }

  async cli(args: readonly string[], url: string): Promise<string> {
    const env = {
      ...process.env,
      DATABASE_URL: url,
      PRISMA_SCHEMA_ENGINE_BINARY: join(root, 'tools/schema-engine.js'),
      CHECKPOINT_DISABLE: '1',
    };
    const { stdout } = await run(
      process.execPath,
      [join(root, 'node_modules/prisma/build/index.js'), ...args],
      {
        cwd: this.#folder,
        env,
        timeout: 60_000,
      },
    );
    return stdout;
  }

  async client(url: string, options: PoolConfig = {}): Promise<{ prisma: TestPrisma; pool: PrismaPool }> {
    const path = join(this.#folder, 'client/client.ts');
    const { PrismaClient } = (await import(path)) as { PrismaClient: new (options: object) => TestPrisma };
    const statementNameGenerator = ({ sql }: { sql: string }): string => statementName(sql);
    const pool = new PrismaPool({ connectionString: url, max: 6, ...options });
    const adapter = new PrismaPg(pool, { statementNameGenerator, disposeExternalPool: true });
    return { prisma: new PrismaClient({ adapter }), pool };
  }

  async remove(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/** How many transactions of the database are open and wait for their client. */
export async function openTransactions(url: string): Promise<number> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<{ n: number }>(
      `select count(*)::int as n from pg_stat_activity where datname = current_database() and state = 'idle in transaction'`,
    );
    return rows[0]?.n ?? 0;
  } finally {
    await client.end();
  }
}
