import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '@taskwire/testing';
import { Client } from 'pg';
import { migrate } from './migrate.js';

let database: TestDatabase;
let folder: string;

beforeEach(async () => {
  database = await createTestDatabase();
  folder = mkdtempSync(join(tmpdir(), 'taskwire-migrations-'));
});

afterEach(async () => {
  await database.drop();
  rmSync(folder, { recursive: true });
});

function addMigration(name: string, sql: string): void {
  mkdirSync(join(folder, name), { recursive: true });
  writeFileSync(join(folder, name, 'migration.sql'), sql);
}

async function query<Row>(sql: string): Promise<Row[]> {
  const client = new Client({ connectionString: database.url });
  await client.connect();
  const { rows } = await client.query(sql);
  await client.end();
  return rows as Row[];
}

describe('migrate', () => {
  it('applies each migration once, in the order of their names', async () => {
    addMigration('2_second', 'ALTER TABLE thing ADD COLUMN note text;');
    addMigration('1_first', 'CREATE TABLE thing (id int); INSERT INTO thing VALUES (1);');

    expect(await migrate(database.url, folder)).toEqual(['1_first', '2_second']);
    expect(await migrate(database.url, folder)).toEqual([]);
    expect(await query('SELECT id, note FROM thing')).toEqual([{ id: 1, note: null }]);
  });

  it('creates a database that is missing', async () => {
    addMigration('1_first', 'CREATE TABLE thing (id int);');
    await database.drop();

    expect(await migrate(database.url, folder)).toEqual(['1_first']);
  });

  it('lets processes that start together apply a migration once', async () => {
    addMigration('1_first', 'CREATE TABLE thing (id int); INSERT INTO thing VALUES (1);');
    await database.drop();

    const applied = await Promise.all([1, 2, 3, 4].map(() => migrate(database.url, folder)));

    expect(applied.flat()).toEqual(['1_first']);
    expect(await query('SELECT id FROM thing')).toHaveLength(1);
  });

  it('refuses a database of a newer version and leaves it as it is', async () => {
    addMigration('1_first', 'CREATE TABLE thing (id int);');
    addMigration('3_newer', 'CREATE TABLE newer (id int);');
    await migrate(database.url, folder);
    rmSync(join(folder, '3_newer'), { recursive: true });
    addMigration('2_second', 'CREATE TABLE other (id int);');

    await expect(migrate(database.url, folder)).rejects.toThrow(
      /used by a newer version \(it has migration 3_newer\)/,
    );
    expect(await query(`SELECT to_regclass('other') AS other`)).toEqual([{ other: null }]);
  });

  it('refuses a migration that was edited after it had been applied', async () => {
    addMigration('1_first', 'CREATE TABLE thing (id int);');
    await migrate(database.url, folder);
    addMigration('1_first', 'CREATE TABLE thing (id bigint);');

    await expect(migrate(database.url, folder)).rejects.toThrow(/1_first was edited/);
  });

  it('rolls a failing migration back and says so at the next start too', async () => {
    addMigration('1_first', 'CREATE TABLE thing (id int); SELECT 1 / 0;');

    await expect(migrate(database.url, folder)).rejects.toThrow(/1_first .* failed: division by zero/);
    expect(await query(`SELECT to_regclass('thing') AS thing`)).toEqual([{ thing: null }]);
    await expect(migrate(database.url, folder)).rejects.toThrow(/1_first .* failed before/);
  });
});
