import type { SqlExecutor } from './sql/executor.js';
import { UNNAMED } from './sql/statement-name.js';

const TABLES = [
  'inbox',
  'parked_messages',
  'outbox',
  'outbox_held',
  'outbox_lease',
  'scheduled_messages',
  'running_batches',
  'suspect_messages',
  'operator_actions',
];
const OLD_SNAPSHOT_MINUTES = 10;

const MISSING = `${UNNAMED} select t.name from unnest($1::text[]) t(name) where to_regclass(t.name) is null`;
const ISOLATION = `${UNNAMED} select current_setting('default_transaction_isolation') as value`;
const AUTOVACUUM = `${UNNAMED} select current_setting('autovacuum') as value`;
const SNAPSHOT = `${UNNAMED} select pid, coalesce(application_name, '') as application,
    (extract(epoch from clock_timestamp() - xact_start) / 60)::int as minutes
  from pg_stat_activity
  where backend_xmin is not null and datname = current_database()
    and xact_start < clock_timestamp() - interval '${OLD_SNAPSHOT_MINUTES} minutes' order by xact_start limit 1`;

/** Rejects when the tables are missing, or when transactions would not be READ COMMITTED. Answers what will make the outbox slow: dead rows that nothing removes. */
export async function bootCheck(executor: SqlExecutor): Promise<string[]> {
  const missing = await executor.query<{ name: string }>(MISSING, [TABLES]);
  if (missing.length > 0) {
    const names = missing.map(({ name }) => name).join(', ');
    throw new Error(
      `the database lacks ${names}: apply the migrations in prisma/ of @taskwire/outbox, or call install()`,
    );
  }
  const [isolation] = await executor.query<{ value: string }>(ISOLATION);
  if (isolation?.value !== 'read committed') {
    throw new Error(
      `default_transaction_isolation is ${String(isolation?.value)}: the outbox needs read committed; set it back for this database or role`,
    );
  }
  const warnings: string[] = [];
  const [autovacuum] = await executor.query<{ value: string }>(AUTOVACUUM);
  if (autovacuum?.value === 'off') {
    warnings.push(
      'autovacuum is off: the outbox gets slower with every row that was ever in it; set autovacuum = on',
    );
  }
  const [old] = await executor.query<{ pid: number; application: string; minutes: number }>(SNAPSHOT);
  if (old) {
    warnings.push(
      `a transaction of ${old.minutes} minutes (pid ${old.pid}, ${old.application || 'no application name'}) keeps dead rows of the outbox: end it, and set idle_in_transaction_session_timeout`,
    );
  }
  return warnings;
}
