import { afterAll, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { BusDatabase } from './postgres.fixture.js';
import { PostgresDriver } from './postgres-driver.js';
import { DEFAULT_DATABASE, settingsOf } from './settings.js';

const bus = new BusDatabase();
const made: string[] = [];
const MOST_ATTEMPTS = 5;

/** The URL of a database that does not exist yet. */
function missing(): string {
  const name = `taskwire_test_made_${randomBytes(6).toString('hex')}`;
  made.push(name);
  const url = new URL(bus.url);
  url.pathname = `/${name}`;
  return url.href;
}

/** Why it can't connect. A server that is too busy to let it in within its time limit is asked again, as a service does. */
async function refusalOf(open: () => PostgresDriver): Promise<string> {
  for (let attempt = 1; ; attempt += 1) {
    const answer = await open()
      .connect()
      .then(
        () => 'it connected',
        (error: Error) => error.message,
      );
    if (attempt === MOST_ATTEMPTS || !answer.includes('timeout expired')) return answer;
  }
}

afterAll(async () => {
  const client = await bus.session('postgres');
  for (const name of made) await client.query(`drop database if exists ${name} with (force)`);
  await client.end();
});

it('makes its database and schema, also when several instances start at once', async () => {
  const url = missing();
  const drivers = Array.from({ length: 4 }, () => bus.driver({ url }));
  await Promise.all(drivers.map((driver) => driver.connect()));
  expect((await Promise.all(drivers.map((driver) => driver.health()))).every(({ up }) => up)).toBe(true);
  await Promise.all(drivers.map((driver) => driver.close()));
});

it('finds what an earlier start made', async () => {
  const first = await bus.start('kept');
  await first.close();
  const second = bus.driver();
  await second.connect();
  const [row] = await bus.rows<{ count: number }>(
    `select count(*)::int as count from bus.partition where topic = 'kept'`,
  );
  expect(row?.count).toBe(1);
});

it('refuses a schema that a newer release made, and says what to do', async () => {
  await bus.start('old');
  await bus.rows('update bus.meta set version = 99');
  expect(await refusalOf(() => bus.driver())).toMatch(/version 99.*run the release that made it/);
  await bus.rows('update bus.meta set version = 1');
});

it('says what to do when the database is missing and may not be made', async () => {
  const role = `taskwire_test_${randomBytes(6).toString('hex')}`;
  await bus.rows(`create role ${role} login password 'limited'`);
  try {
    const url = new URL(missing());
    url.username = role;
    url.password = 'limited';
    expect(await refusalOf(() => bus.driver({ url: url.href }))).toMatch(
      /create it and make the user its owner/,
    );
  } finally {
    await bus.rows(`drop role ${role}`);
  }
});

it('rejects a connect to a server that is not there, and works once it is called with one that is', async () => {
  const driver = new PostgresDriver({ url: 'postgresql://postgres@127.0.0.1:1/none' });
  await expect(driver.connect()).rejects.toThrow(/ECONNREFUSED/);
  expect((await driver.health()).up).toBe(false);
  await driver.close(500);
});

it('takes a database of its own unless the URL names one', () => {
  expect(settingsOf({ url: 'postgres://h:1' }).url).toBe(`postgres://h:1/${DEFAULT_DATABASE}`);
  expect(settingsOf({ url: 'postgres://h:1/mine' }).url).toBe('postgres://h:1/mine');
});

it('refuses a lease that one late heartbeat would end', () => {
  expect(() => settingsOf({ url: 'postgres://h', ttlMs: 1_000, beatMs: 600 })).toThrow(/twice beatMs/);
});
