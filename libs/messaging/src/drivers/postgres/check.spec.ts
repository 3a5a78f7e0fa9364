import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '@taskwire/testing';
import { Client } from 'pg';
import { Bus } from '../../bus.js';
import { postgresDriver } from './postgres-driver.js';

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

/** The bus's database as sessions see it whose clock is that far ahead. */
async function clockAhead(seconds: number): Promise<string> {
  const client = new Client({ connectionString: database.url });
  await client.connect();
  await client.query('create schema if not exists skewed');
  await client.query(`create or replace function skewed.clock_timestamp() returns timestamptz language sql volatile
    as $$ select pg_catalog.clock_timestamp() + interval '${seconds} seconds' $$`);
  await client.end();
  return `${database.url}?options=${encodeURIComponent('-c search_path=skewed,pg_catalog,public')}`;
}

const busOn = (url: string, warnings: string[] = []) =>
  new Bus({
    driver: postgresDriver({ url }),
    topology: { topics: [], groups: [] },
    log: (_level, text) => void warnings.push(text),
  });

describe('the check of the bus in PostgreSQL', () => {
  it('finds nothing in a server as it should be', async () => {
    const warnings: string[] = [];
    const bus = busOn(database.url, warnings);
    await bus.start();

    expect(await bus.check()).toEqual([]);
    await bus.close();
    expect(warnings).toEqual([]);
  });

  it('warns at the start of a clock that is seconds off', async () => {
    const warnings: string[] = [];
    const bus = busOn(await clockAhead(-5), warnings);
    await bus.start();
    await bus.close();

    expect(warnings).toEqual([expect.stringMatching(/of the bus's database are \d\.\d s apart .*NTP/)]);
  });

  it('refuses to start with one that is minutes off', async () => {
    const bus = busOn(await clockAhead(90));

    await expect(bus.start()).rejects.toThrow(/not started:\n.*are \d+\.\d s apart/);
    await bus.close();
  });
});
