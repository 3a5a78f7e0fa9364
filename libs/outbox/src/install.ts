import { readFileSync } from 'node:fs';
import type { SqlExecutor } from './sql/executor.js';
import { UNNAMED } from './sql/statement-name.js';

/** The tables of the store side, as one script: the body of a migration. */
export const MIGRATION_SQL = readFileSync(new URL('../prisma/migration.sql', import.meta.url), 'utf8');

/** 72707370: beside the number that Prisma's migrations lock. */
const INSTALL_LOCK = '72707370';

/** Makes the tables where no migrations do it. Does nothing when they exist; safe from several processes at once. */
export async function install(executor: SqlExecutor): Promise<void> {
  await executor.transaction(async (tx) => {
    await tx.query(`select count(pg_advisory_xact_lock(${INSTALL_LOCK}))::int as locks`);
    const [found] = await tx.query<{ exists: boolean }>(`select to_regclass('inbox') is not null as exists`);
    if (found?.exists) return;
    for (const statement of statementsOf(MIGRATION_SQL)) await tx.execute(`${UNNAMED} ${statement}`);
  });
}

function statementsOf(script: string): string[] {
  const withoutComments = script.replace(/^--.*$/gm, '');
  return withoutComments.split(/;\s*$/m).filter((statement) => statement.trim() !== '');
}
