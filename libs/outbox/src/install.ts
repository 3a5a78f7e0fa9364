import { readFileSync } from 'node:fs';
import type { SqlExecutor } from './sql/executor.js';
import { UNNAMED } from './sql/statement-name.js';

const read = (name: string): string => readFileSync(new URL(`../prisma/${name}`, import.meta.url), 'utf8');

/** In the order in which they came: each is a migration of its own, never edited once it is published. */
const SCRIPTS = [
  { makes: 'inbox', sql: read('migration.sql') },
  { makes: 'operator_actions', sql: read('operator-actions.sql') },
  { makes: 'running_marks', sql: read('running-marks.sql') },
] as const;

/** The tables of the store side, as one script: the body of a migration. */
export const MIGRATION_SQL = SCRIPTS.map(({ sql }) => sql).join('\n');

/** 72707370: beside the number that Prisma's migrations lock. */
const INSTALL_LOCK = '72707370';

/**
 * Makes the tables where no migrations do it, and those that a later version added. Does nothing when they exist; safe
 * from several processes at once.
 */
export async function install(executor: SqlExecutor): Promise<void> {
  await executor.transaction(async (tx) => {
    await tx.query(`select count(pg_advisory_xact_lock(${INSTALL_LOCK}))::int as locks`);
    for (const { makes, sql } of SCRIPTS) {
      const [found] = await tx.query<{ exists: boolean }>(
        `${UNNAMED} select to_regclass('${makes}') is not null as exists`,
      );
      if (found?.exists) continue;
      for (const statement of statementsOf(sql)) await tx.execute(`${UNNAMED} ${statement}`);
    }
  });
}

function statementsOf(script: string): string[] {
  const withoutComments = script.replace(/^--.*$/gm, '');
  return withoutComments.split(/;\s*$/m).filter((statement) => statement.trim() !== '');
}
