import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** A PostgreSQL of its own for tests. Its data is thrown away, so nothing has to survive a power cut. */
export async function startTestPostgres() {
  const { startEmbeddedPostgres } = await import('../../apps/platform/dist/postgres/embedded-postgres.js');
  const { dataRoot } = await import('../../libs/testing/dist/data-root.js');
  const folder = mkdtempSync(join(dataRoot(), 'taskwire-test-'));
  chmodSync(folder, 0o755);
  const settings = { fsync: 'off', full_page_writes: 'off', max_connections: '500' };
  const server = await startEmbeddedPostgres(folder, settings);
  return {
    url: server.url('postgres'),
    stop: async () => {
      await server.stop();
      rmSync(server.folder, { recursive: true, force: true });
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
