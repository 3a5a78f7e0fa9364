import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { root } from '../workspaces.js';

/** Below the ports of outgoing connections. RabbitMQ's node also takes the ports 10,000 and 20,000 above. */
const PORTS = { first: 10_200, last: 10_400 };
/** The first start of Kafka downloads it. */
const START_MS = 300_000;

const BROKERS = {
  RabbitMQ: {
    variable: 'RABBITMQ_URL',
    script: 'deploy/rabbitmq/local.sh',
    settings: (folder, port) => ({ RABBITMQ_LOCAL_FOLDER: folder, RABBITMQ_LOCAL_PORT: String(port) }),
  },
  Kafka: {
    variable: 'KAFKA_BROKERS',
    script: 'deploy/kafka/local.sh',
    settings: (folder, port) => ({ KAFKA_DATA: folder, KAFKA_PORT: String(port) }),
  },
};

/**
 * The brokers for tests: those that the environment names, and for the others one of their own, on data that is thrown
 * away. Resolves to one entry a broker: the variable that tells specs where it is and its address, or why there is none.
 */
export async function useBrokers() {
  const { dataRoot } = await import('../../libs/testing/dist/data-root.js');
  const ports = await freePorts(Object.keys(BROKERS).length);
  return Promise.all(
    Object.entries(BROKERS).map(([name, broker], index) => useBroker(name, broker, dataRoot(), ports[index])),
  );
}

async function useBroker(name, { variable, script, settings }, data, port) {
  const given = process.env[variable];
  if (given) return { name, variable, address: given, stop: async () => {} };
  const folder = mkdtempSync(join(data, `taskwire-${name.toLowerCase()}-`));
  const env = { ...process.env, ...settings(folder, port) };
  const run = (command) => promisify(execFile)(join(root, script), [command], { env, timeout: START_MS });
  const stop = async () => {
    await run('kill').catch(() => {});
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const { stdout } = await run('start');
    return { name, variable, address: stdout.trim(), stop };
  } catch (error) {
    await stop();
    return { name, variable, missing: error.stderr?.trim() || error.message, stop: async () => {} };
  }
}

async function freePorts(count) {
  const ports = [];
  for (let port = PORTS.first; ports.length < count; port += 2) {
    if (port >= PORTS.last) throw new Error(`no free ports from ${PORTS.first} to ${PORTS.last}`);
    // Kafka's controller takes the next one.
    const free = await Promise.all([port, port + 1, port + 10_000, port + 20_000].map(isFree));
    if (free.every(Boolean)) ports.push(port);
  }
  return ports;
}

function isFree(port) {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
