import { FUNCTIONS } from './functions.sql.js';

/**
 * Counters (`partition`, `position`, `instance`) have room for in-row updates and no index on what changes.
 * `partition.next` is the number of the next message, `low` the oldest that may still be there.
 */
const TABLES = /* sql */ `
create schema if not exists bus;
create table bus.meta (
  version int not null,
  trimmed_at timestamptz not null default '-infinity'
);
create table bus.partition (
  id int generated always as identity primary key,
  topic text not null,
  n int not null,
  next bigint not null default 1,
  low bigint not null default 1,
  bytes bigint not null default 0,
  keep interval not null,
  unique (topic, n)
) with (fillfactor = 20);
create table bus.message (
  seq bigint not null,
  at timestamptz not null,
  part int not null,
  key text not null,
  headers text not null,
  body bytea not null,
  primary key (part, seq)
) with (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_insert_scale_factor = 0.05);
create table bus.subscription (
  id int generated always as identity primary key,
  grp text not null,
  topic text not null,
  unique (grp, topic)
);
create table bus.position (
  sub int not null references bus.subscription on delete cascade,
  part int not null references bus.partition,
  position bigint not null,
  owner text,
  epoch bigint not null default 0,
  primary key (sub, part)
) with (fillfactor = 20);
create table bus.instance (
  id text primary key,
  subs int[] not null,
  until timestamptz not null
) with (fillfactor = 20);
create unlogged table bus.reply (
  address text not null,
  id bigint generated always as identity,
  at timestamptz not null default now(),
  correlation text not null,
  headers text not null,
  body bytea not null,
  primary key (address, id)
);
insert into bus.meta (version) values (0);
do $$ begin
  execute format('alter database %I set default_transaction_isolation = ''read committed''', current_database());
  execute format('alter database %I set idle_in_transaction_session_timeout = ''60s''', current_database());
exception when insufficient_privilege then null;
end $$;
`;

/** Each element raises the schema by one version; never change one that was released, add another. */
export const MIGRATIONS: readonly string[] = [TABLES + FUNCTIONS];
