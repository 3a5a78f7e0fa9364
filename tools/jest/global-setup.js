import { chmodSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from '../build.js';

/** One PostgreSQL for the whole run, unless TEST_POSTGRES_URL names a server. */
export default async function setUp() {
  await build({ quiet: true });
  if (process.env.TEST_POSTGRES_URL) return;

  const { startEmbeddedPostgres } = await import('../../apps/platform/dist/postgres/embedded-postgres.js');
  const folder = mkdtempSync(join(tmpdir(), 'taskwire-test-'));
  chmodSync(folder, 0o755);
  // Its data is thrown away, so nothing has to survive a power cut.
  const server = await startEmbeddedPostgres(folder, {
    fsync: 'off',
    full_page_writes: 'off',
    max_connections: '500',
  });
  process.env.TEST_POSTGRES_URL = server.url('postgres');
  globalThis.testPostgres = { server, folder };
}
