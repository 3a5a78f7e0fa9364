import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { dataRoot } from '@taskwire/testing';
import { Client } from 'pg';
import { lockFolder } from './folder-lock.js';
import { type Ended, listen, portOf, repository, runPlatform, runScript } from './launcher.fixture.js';
import { startEmbeddedPostgres } from './postgres/embedded-postgres.js';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(dataRoot(), 'taskwire launcher '));
  chmodSync(folder, 0o755);
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const start = (env: NodeJS.ProcessEnv = {}): Promise<Ended> =>
  runPlatform(folder, env).then(({ ended }) => ended);

function expectOneLine({ code, errors }: Ended, line: RegExp): void {
  expect(errors.trim()).toMatch(line);
  expect(errors.trim().split('\n')).toHaveLength(1);
  expect(code).toBe(1);
}

describe('npm start says in one line what to do about', () => {
  it('each setting that makes no sense, its own and those of its apps, having made nothing', async () => {
    const { code, errors } = await start({ GATEWAY_PORT: 'http', RATE_LIMIT_IP: '-1', MAILBOX: 'maybe' });

    expect(errors.trim().split('\n')).toEqual([
      "these settings can't be used:",
      expect.stringMatching('^  GATEWAY_PORT: '),
      expect.stringMatching('^  MAILBOX \\(notification\\): '),
      expect.stringMatching('^  RATE_LIMIT_IP \\(gateway\\): '),
    ]);
    expect(code).toBe(1);
    expect(existsSync(join(folder, 'data'))).toBe(false);
  });

  it('a port that is taken, and every other one, having started nothing', async () => {
    const others = [await listen(), await listen()];
    const [task = '', gateway = ''] = others.map(portOf);
    const { code, errors } = await start({ TASK_PORT: task, GATEWAY_PORT: gateway });
    for (const other of others) other.close();

    expect(errors.trim().split('\n')).toEqual([
      expect.stringMatching(`^Port ${task} is taken by another program: .*TASK_PORT`),
      expect.stringMatching(`^Port ${gateway} is taken by another program: .*GATEWAY_PORT`),
    ]);
    expect(code).toBe(1);
    expect(existsSync(join(folder, 'data', 'postgres'))).toBe(false);
  });

  it('a database of its environment that is down, by its variable and without its password', async () => {
    const ended = await start({ BUS_DATABASE_URL: 'postgresql://ada:hunter2@127.0.0.1:1/bus' });

    expectOneLine(
      ended,
      /^The database of BUS_DATABASE_URL \(PostgreSQL at 127.0.0.1:1\) .*\(ECONNREFUSED\): start it/,
    );
    expect(ended.errors).not.toContain('hunter2');
    expect(existsSync(join(folder, 'data', 'postgres'))).toBe(false);
  });

  it('a data folder that another platform uses', async () => {
    const data = join(folder, 'data');
    mkdirSync(data);
    const release = lockFolder(data);
    const ended = await start();
    release();

    expectOneLine(ended, new RegExp(`in use by another Taskwire \\(process ${process.pid}\\)`));
  });

  it('a data folder that it may not write', async () => {
    writeFileSync(join(folder, 'file'), '');
    const ended = await start({ TASKWIRE_DATA: join(folder, 'file', 'data') });

    expectOneLine(ended, /^The data folder .* can't be written \(ENOTDIR\): .*TASKWIRE_DATA/);
    if (process.platform !== 'linux') return;
    expectOneLine(
      await start({ TASKWIRE_DATA: '/proc/taskwire' }),
      /^The data folder \/proc\/taskwire can't be/,
    );
  });

  it('data of another PostgreSQL major', async () => {
    const version = join(folder, 'data', 'postgres', 'data', 'PG_VERSION');
    mkdirSync(join(version, '..'), { recursive: true });
    writeFileSync(version, '17\n');

    expectOneLine(await start(), /was made by PostgreSQL 17/);
    expect(readFileSync(version, 'utf8')).toBe('17\n');
  });

  it('a database of a newer version', async () => {
    const postgres = await startEmbeddedPostgres(join(folder, 'data'));
    const admin = new Client({ connectionString: postgres.url('postgres') });
    await admin.connect();
    await admin.query('CREATE DATABASE taskwire_task');
    await admin.end();
    const store = new Client({ connectionString: postgres.url('taskwire_task') });
    await store.connect();
    await store.query(`CREATE TABLE _prisma_migrations AS
      SELECT '29990101000000_later' AS migration_name, '' AS checksum, now() AS finished_at, NULL::timestamptz AS rolled_back_at`);
    await store.end();
    const ended = await start();
    await postgres.stop();
    rmSync(postgres.folder, { recursive: true, force: true });

    expectOneLine(
      ended,
      /taskwire_task was used by a newer version \(it has migration 29990101000000_later\)/,
    );
  });

  it.each([
    [
      'an older Node',
      `Object.defineProperty(process, 'versions', { value: { node: '20.18.0' } })`,
      /needs Node 20\.19/,
    ],
    ['a Linux with musl', `process.report.getReport = () => ({ header: {} })`, /needs a Linux with glibc/],
    ['Windows', `Object.defineProperty(process, 'platform', { value: 'win32' })`, /run it inside WSL2/],
  ])('%s', async (_, pretend, line) => {
    const script = `--import=data:text/javascript,${encodeURIComponent(pretend)}`;
    const { ended } = runScript(folder, [script, join(repository, 'tools/start.js')]);

    expectOneLine(await ended, line);
  });
});

describe('npm start', () => {
  it('has started nothing when an app can not be loaded', async () => {
    const broken = `import { registerHooks } from 'node:module';
      const refuse = () => { throw new Error('the gateway is broken'); };
      registerHooks({ resolve: (name, context, next) => (name === '@taskwire/gateway' ? refuse() : next(name, context)) });`;
    const script = `--import=data:text/javascript,${encodeURIComponent(broken)}`;
    const main = join(repository, 'apps/platform/dist/main.js');
    const { code, errors } = await runScript(folder, [script, main]).ended;

    expect(errors).toContain('the gateway is broken');
    expect(code).toBe(1);
    expect(existsSync(join(folder, '.taskwire'))).toBe(false);
  });
});
