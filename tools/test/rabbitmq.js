import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { root } from '../workspaces.js';

const script = join(root, 'deploy/rabbitmq/local.sh');
const run = promisify(execFile);

/** Below the ports of outgoing connections; Erlang's own port is 20,000 above. */
const PORTS = { first: 10_200, last: 10_400 };

/** A RabbitMQ node of its own for tests: `{url, stop}`, or `{missing}` with the reason. */
export async function startTestRabbitmq() {
  const folder = mkdtempSync(join(tmpdir(), 'taskwire-rabbitmq-'));
  const port = await freePort();
  const env = { ...process.env, RABBITMQ_LOCAL_FOLDER: folder, RABBITMQ_LOCAL_PORT: String(port) };
  try {
    const { stdout } = await run(script, ['start'], { env });
    return { url: stdout.trim(), stop: () => run(script, ['wipe'], { env }) };
  } catch (error) {
    await run(script, ['wipe'], { env }).catch(() => rmSync(folder, { recursive: true, force: true }));
    return { missing: error.stderr?.trim() || error.message };
  }
}

async function freePort() {
  for (let port = PORTS.first; port < PORTS.last; port += 1) {
    if ((await isFree(port)) && (await isFree(port + 20_000))) return port;
  }
  throw new Error(`no free port from ${PORTS.first} to ${PORTS.last}`);
}

function isFree(port) {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
