import { afterEach, expect, it } from '@jest/globals';
import type { MessageRow } from './codec.js';
import { Link } from './connection.js';
import { Fetcher, type LogCursor } from './fetcher.js';
import { BusDatabase, message, until } from './postgres.fixture.js';

const database = new BusDatabase();
let link: Link | undefined;
afterEach(() => link?.close());

/** More often than PostgreSQL plans a named statement anew before it keeps a plan. */
const TIMES = 8;

/** Reads as much as there is. */
class Reader implements LogCursor {
  at = 1;
  readonly room = 100;
  readonly messageBytes = 100;
  constructor(readonly part: number) {}

  receive(rows: readonly MessageRow[]): void {
    this.at += rows.length;
  }
}

it('reads by the index with a plan from when the log was empty', async () => {
  const driver = await database.start('log.v1', [], { partitions: 2 });
  await database.rows('alter table bus.message set (autovacuum_enabled = off)');
  await database.rows('vacuum analyze bus.message');
  const parts = await database.rows<{ id: number }>('select id from bus.partition order by n');
  const readers = parts.map(({ id }) => new Reader(id));
  const own = (link = new Link(database.url, 'fetcher.spec'));
  const faults: unknown[] = [];
  const fetcher = new Fetcher(own, (fault) => faults.push(fault));
  for (const reader of readers) fetcher.add(reader);
  const send = (count: number) =>
    driver.send(Array.from({ length: count }, (_, i) => message('log.v1', 'x', i % 2)));
  const read = (count: number) => {
    const end = readers.map((reader) => reader.at + count / 2);
    fetcher.appended(parts.map(({ id }) => id));
    return until('all is read', () => readers.every((reader, i) => reader.at === end[i]));
  };
  const scans = async () => {
    await own.query('flush', 'select pg_stat_force_next_flush()');
    const [row] = await database.rows<{ scans: number }>(
      `select seq_scan::int as scans from pg_stat_user_tables where schemaname = 'bus' and relname = 'message'`,
    );
    return row?.scans;
  };

  for (let i = 0; i < TIMES; i += 1) {
    await send(2);
    await read(2);
  }
  const before = await scans();
  await send(4_000);
  await read(4_000);

  expect(faults).toEqual([]);
  expect(await scans()).toBe(before);
});
