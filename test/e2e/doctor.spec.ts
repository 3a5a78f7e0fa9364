import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Bus } from '@taskwire/messaging';
import { postgresDriver } from '@taskwire/messaging/postgres';
import { createOutbox, install, pgExecutor } from '@taskwire/outbox';
import { startService } from '@taskwire/service';
import { service as task } from '@taskwire/task';
import { Client, Pool } from 'pg';
import { startEmbeddedPostgres } from '../../apps/platform/src/postgres/embedded-postgres.js';
import { signUp } from './client.js';
import { doctor } from './doctor.js';
import { type Platform, startPlatform } from './platform.js';

const INTERNAL_TOKEN = 'internal-token-of-the-tests-0123456789';
const OTHERS = { LOG_LEVEL: 'silent', INTERNAL_TOKEN };

let platform: Platform;

beforeAll(async () => {
  platform = await startPlatform({ env: { INTERNAL_TOKEN } });
}, 90_000);
afterAll(() => platform?.stop(), 30_000);

async function query(url: string, sql: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query(sql);
  await client.end();
}

describe('taskwire doctor on a platform', () => {
  it('finds nothing where nothing is wrong', async () => {
    expect(await doctor(platform, INTERNAL_TOKEN)).toEqual({ printed: ['all is well'], failed: undefined });
  });

  it('warns of what weakens a promise, and ends well', async () => {
    const { task: store } = platform.databases;
    await query(store, 'alter table inbox set (autovacuum_enabled = off)');
    const { printed, failed } = await doctor(platform, INTERNAL_TOKEN);
    await query(store, 'alter table inbox reset (autovacuum_enabled)');

    expect(failed).toBeUndefined();
    expect(printed).toEqual([
      '~ autovacuum is off for the table inbox (task)',
      expect.stringMatching(/^ +why: +the outbox gets slower/),
      '    change: alter table inbox reset (autovacuum_enabled)',
      '0 refused, 1 warnings',
    ]);
  });

  it('ends with 1 on what breaks one, which every service says and it shows once', async () => {
    const { bus } = platform.databases;
    await query(bus, `update bus.subscription set grp = 'gone' where grp = 'analytics.usage'`);
    const { printed, failed } = await doctor(platform, INTERNAL_TOKEN, '--json');
    await query(bus, `update bus.subscription set grp = 'analytics.usage' where grp = 'gone'`);

    expect(JSON.parse(printed.join(''))).toEqual([
      {
        level: 'refused',
        what: 'group analytics.usage is missing on the broker: reads gateway.usage.v1, from: now',
        why: 'what is sent there is stored nowhere',
        change: expect.stringContaining('topology apply'),
        from: ['auth', 'task', 'notification', 'analytics'],
      },
    ]);
    expect(failed).toMatch(/1 of this must be mended/);
  });

  it('answers operators only', async () => {
    const { token: ofUser } = await signUp(platform.api);
    const asked = (token: string) =>
      fetch(`${platform.urls.task}/internal/doctor`, { headers: { authorization: `Bearer ${token}` } });

    expect((await asked(ofUser)).status).toBe(403);
    expect((await asked('nobody')).status).toBe(401);
  });

  it('names a service that does not answer, and examines the others', async () => {
    await platform.stopService('analytics');
    const { printed, failed } = await doctor(platform, INTERNAL_TOKEN);
    await platform.startService('analytics');

    expect(printed[0]).toMatch(/^! analytics at .* is not reachable.* \(analytics\)$/);
    expect(printed.at(-1)).toBe('1 refused, 0 warnings');
    expect(failed).toBeDefined();
  });
});

describe('a service', () => {
  const start = (connections: number) =>
    startService(task, {
      ...OTHERS,
      ...{ BUS: 'memory', DATABASE_URL: platform.databases.task, AUTH_URL: platform.urls.auth, PORT: '0' },
      DATABASE_CONNECTIONS: String(connections),
    });

  it('does not start with fewer connections than its batches hold', async () => {
    await expect(start(4)).rejects.toThrow(
      /not started:\n {2}DATABASE_CONNECTIONS is 4, and 4 batches .*: set DATABASE_CONNECTIONS to 5 or more/,
    );
  });

  it('starts with one more', async () => {
    await (await start(5)).close();
  });
});

describe('a PostgreSQL without autovacuum', () => {
  it('is warned of, as store and as bus', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'taskwire-doctor-'));
    chmodSync(folder, 0o755);
    const server = await startEmbeddedPostgres(join(folder, 'data'), { autovacuum: 'off', fsync: 'off' });
    const url = server.url('postgres');
    const pool = new Pool({ connectionString: url });
    // The server may end a connection that the pool has only just told to end.
    pool.on('error', () => undefined);
    const driver = postgresDriver({ url });
    try {
      const executor = pgExecutor(pool);
      await install(executor);
      const bus = new Bus({ driver, topology: { topics: [], groups: [] }, log: () => undefined });
      await bus.start();

      const warning = { level: 'warning', change: expect.stringContaining('set autovacuum = on') };
      expect(await createOutbox({ executor, driver }).check()).toMatchObject([warning]);
      expect(await bus.check()).toMatchObject([warning]);
      await bus.close();
    } finally {
      await driver.close();
      await pool.end();
      await server.stop();
      rmSync(server.folder, { recursive: true, force: true });
      rmSync(folder, { recursive: true, force: true });
    }
  }, 60_000);
});
