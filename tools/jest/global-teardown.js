import { rmSync } from 'node:fs';

export default async function tearDown() {
  if (!globalThis.testPostgres) return;
  const { server, folder } = globalThis.testPostgres;
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
  if (server.folder.startsWith('/var/tmp/taskwire-')) rmSync(server.folder, { recursive: true, force: true });
}
