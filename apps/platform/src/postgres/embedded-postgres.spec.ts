import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { dataRoot } from '@taskwire/testing';
import { Client } from 'pg';
import { startEmbeddedPostgres, type EmbeddedPostgres } from './embedded-postgres.js';

const isRoot = process.getuid?.() === 0;
const started: EmbeddedPostgres[] = [];
let parent: string;
let folder: string;

beforeEach(() => {
  parent = mkdtempSync(join(dataRoot(), 'taskwire-postgres-'));
  chmodSync(parent, 0o755);
  folder = join(parent, 'data folder');
});

afterEach(async () => {
  for (const server of started.splice(0)) {
    await server.stop();
    rmSync(server.folder, { recursive: true, force: true });
  }
  rmSync(parent, { recursive: true, force: true });
});

async function start(): Promise<EmbeddedPostgres> {
  const server = await startEmbeddedPostgres(folder);
  started.push(server);
  return server;
}

async function query<Row>(server: EmbeddedPostgres, sql: string): Promise<Row[]> {
  const client = new Client({ connectionString: server.url('postgres') });
  // A server that is killed ends its connections, which is the point of some specs.
  client.on('error', () => {});
  await client.connect();
  try {
    return (await client.query(sql)).rows as Row[];
  } finally {
    await client.end();
  }
}

const postmaster = (server: EmbeddedPostgres): number =>
  Number(readFileSync(join(server.folder, 'data', 'postmaster.pid'), 'utf8').split('\n')[0]);

describe('embedded PostgreSQL', () => {
  it('finds its data again at the next start, in a path with spaces', async () => {
    const first = await start();
    await query(first, 'CREATE TABLE note AS SELECT 1 AS id');
    await first.stop();

    expect(await query(await start(), 'SELECT id FROM note')).toEqual([{ id: 1 }]);
  });

  it('keeps its password from other users, and takes no connection without it', async () => {
    const server = await start();
    const wrong = new URL(server.url('postgres'));
    wrong.password = 'wrong';

    expect(statSync(join(server.folder, 'password')).mode & 0o777).toBe(0o600);
    await expect(new Client({ connectionString: wrong.href }).connect()).rejects.toThrow(/password/);
  });

  it('takes over a server whose starter ended without stopping it', async () => {
    const first = await start();

    expect((await start()).url('postgres')).toBe(first.url('postgres'));
  });

  it('has every committed row after a kill -9', async () => {
    const first = await start();
    await query(first, 'CREATE TABLE note AS SELECT generate_series(1, 1000) AS id');
    process.kill(postmaster(first), 'SIGKILL');

    expect(await query(await start(), 'SELECT count(*)::int FROM note')).toEqual([{ count: 1000 }]);
  });

  it('starts although the pid that a crash left behind belongs to another process by now', async () => {
    const first = await start();
    const pidFile = readFileSync(join(first.folder, 'data', 'postmaster.pid'), 'utf8');
    await first.stop();
    const lines = [String(process.ppid), ...pidFile.split('\n').slice(1)];
    writeFileSync(join(first.folder, 'data', 'postmaster.pid'), lines.join('\n'));

    expect(await query(await start(), 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('starts afresh when it was ended while it made its data', async () => {
    const halfMade = join(folder, 'postgres', 'init-1');
    mkdirSync(halfMade, { recursive: true });
    writeFileSync(join(halfMade, 'PG_VERSION'), '18');

    const server = await start();

    expect(await query(server, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    expect(existsSync(halfMade)).toBe(false);
  });

  it('refuses the data of another PostgreSQL major and leaves it as it is', async () => {
    const data = join(folder, 'postgres', 'data');
    mkdirSync(data, { recursive: true });
    writeFileSync(join(data, 'PG_VERSION'), '17\n');

    await expect(start()).rejects.toThrow(/was made by PostgreSQL 17, this Taskwire brings 18: /);
    expect(readFileSync(join(data, 'PG_VERSION'), 'utf8')).toBe('17\n');
  });

  (isRoot ? it : it.skip)('as root, puts its files where its user gets to and finds them again', async () => {
    chmodSync(parent, 0o700);
    const first = await start();
    await query(first, 'CREATE TABLE note AS SELECT 1 AS id');
    await first.stop();
    chmodSync(parent, 0o755);
    const second = await start();

    expect(first.folder).toMatch(/^\/var\/tmp\/taskwire-/);
    expect(second.folder).toBe(first.folder);
    expect(await query(second, 'SELECT id FROM note')).toEqual([{ id: 1 }]);
  });

  (isRoot ? it : it.skip)('as root, says what to do when its user lost the way to its data', async () => {
    const first = await start();
    await first.stop();
    chmodSync(parent, 0o700);

    await expect(start()).rejects.toThrow(/can't enter .*chmod o\+x/);
  });
});
