import { clockFindings, clockOffset, type Finding } from '@taskwire/messaging';
import type { StoreSettings } from './settings.js';
import type { SqlExecutor } from './sql/executor.js';
import { UNNAMED } from './sql/statement-name.js';

const TABLES = [
  'inbox',
  'parked_messages',
  'outbox',
  'outbox_held',
  'outbox_lease',
  'scheduled_messages',
  'running_marks',
  'suspect_messages',
  'operator_actions',
];
const OLD_SNAPSHOT_MS = 10 * 60_000;

const MISSING = `${UNNAMED} select t.name from unnest($1::text[]) t(name) where to_regclass(t.name) is null`;
const ISOLATION = `${UNNAMED} select current_setting('default_transaction_isolation') as value`;
const AUTOVACUUM = `${UNNAMED} select current_setting('autovacuum') as value`;
const KEPT_OUT = `${UNNAMED} select relname as name from pg_class
  where oid = any(select to_regclass(t.name) from unnest($1::text[]) t(name)) and reloptions && '{autovacuum_enabled=false,autovacuum_enabled=off}'
  order by relname`;
const SNAPSHOT = `${UNNAMED} select pid, coalesce(application_name, '') as application,
    round(extract(epoch from clock_timestamp() - xact_start) / 60)::int as minutes
  from pg_stat_activity
  where backend_xmin is not null and datname = current_database() and pid <> pg_backend_pid()
    and xact_start < clock_timestamp() - $1::text::float8 * interval '1 ms' order by xact_start limit 1`;
const CLOCK = `${UNNAMED} select clock_timestamp() as now`;

export interface StoreCheckOptions {
  readonly settings: Pick<StoreSettings, 'windowMs' | 'retryMs' | 'handlerMs'>;
  /** Transactions open for longer are warned of. Default 10 minutes. */
  readonly oldSnapshotMs?: number;
}

/** What in the database, its clock or the store's settings breaks a promise, or makes the outbox slow. */
export async function checkStore(
  executor: SqlExecutor,
  { settings, oldSnapshotMs = OLD_SNAPSHOT_MS }: StoreCheckOptions,
): Promise<Finding[]> {
  const missing = await executor.query<{ name: string }>(MISSING, [TABLES]);
  const findings = [...missingFindings(missing.map(({ name }) => name)), ...windowFindings(settings)];
  const [isolation] = await executor.query<{ value: string }>(ISOLATION);
  findings.push(...isolationFindings(isolation?.value));
  const [autovacuum] = await executor.query<{ value: string }>(AUTOVACUUM);
  const keptOut = await executor.query<{ name: string }>(KEPT_OUT, [TABLES]);
  findings.push(
    ...autovacuumFindings(
      autovacuum?.value,
      keptOut.map(({ name }) => name),
    ),
  );
  const [old] = await executor.query<OldSnapshot>(SNAPSHOT, [String(oldSnapshotMs)]);
  if (old) findings.push(snapshotFinding(old));
  const offset = await clockOffset(async () => {
    const [clock] = await executor.query<{ now: Date }>(CLOCK);
    return clock?.now ?? new Date();
  });
  return [...findings, ...clockFindings('the clocks of this process and of its database', offset)];
}

function missingFindings(names: readonly string[]): Finding[] {
  if (names.length === 0) return [];
  return [
    {
      level: 'refused',
      what: `the database lacks ${names.join(', ')}`,
      why: 'messages can neither be stored nor recognised',
      change: 'apply the migrations in prisma/ of @taskwire/outbox, or call install()',
    },
  ];
}

/** The longest that a parked event runs by itself: its first run, and one after each pause. */
function windowFindings({ windowMs, retryMs, handlerMs }: StoreCheckOptions['settings']): Finding[] {
  const parkedMs = retryMs.reduce((sum, pause) => sum + pause + handlerMs, handlerMs);
  if (windowMs > parkedMs) return [];
  return [
    {
      level: 'refused',
      what: `the inbox remembers for ${seconds(windowMs)}, and a parked message may run until it is ${seconds(parkedMs)} old`,
      why: 'how it ended is forgotten at once, and who asks again is told that it came too late',
      change: 'make windowMs longer, or the pauses of retryMs shorter',
    },
  ];
}

function isolationFindings(level: string | undefined): Finding[] {
  if (level === 'read committed') return [];
  return [
    {
      level: 'refused',
      what: `default_transaction_isolation is ${String(level)}`,
      why: 'what another batch committed while this one waited for its lock would not be seen',
      change: "set it to 'read committed' for this database or role",
    },
  ];
}

function autovacuumFindings(setting: string | undefined, keptOut: readonly string[]): Finding[] {
  const why = 'the outbox gets slower with every row that was ever in it';
  if (setting === 'off')
    return [{ level: 'warning', what: 'autovacuum is off', why, change: 'set autovacuum = on' }];
  return keptOut.map((table) => ({
    level: 'warning',
    what: `autovacuum is off for the table ${table}`,
    why,
    change: `alter table ${table} reset (autovacuum_enabled)`,
  }));
}

interface OldSnapshot {
  readonly pid: number;
  readonly application: string;
  readonly minutes: number;
}

const snapshotFinding = ({ pid, application, minutes }: OldSnapshot): Finding => ({
  level: 'warning',
  what: `a transaction of pid ${pid} (${application || 'no application name'}) is open for ${minutes} minutes`,
  why: 'nothing removes the dead rows of the outbox meanwhile',
  change: 'end it, and set idle_in_transaction_session_timeout',
});

const seconds = (ms: number): string => `${ms / 1_000} s`;
