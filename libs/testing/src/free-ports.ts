import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/** Below the ports that systems give to outgoing connections (from 32768 on Linux): none of those takes one meanwhile. */
const FIRST = 20_000;
/** Each Jest worker has ports of its own. */
const PER_WORKER = 2_000;
const WORKERS = 6;

const base = FIRST + (Number(process.env['JEST_WORKER_ID'] ?? 0) % WORKERS) * PER_WORKER;
let next = randomInt(PER_WORKER);

/** Ports of 127.0.0.1 that nobody listens on, each given once in a while: for servers that are started later. */
export async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  for (let tries = 0; ports.length < count; tries += 1) {
    if (tries === PER_WORKER) throw new Error(`no ${count} free ports from ${base} on`);
    const port = base + next;
    next = (next + 1) % PER_WORKER;
    if (await isFree(port)) ports.push(port);
  }
  return ports;
}

/**
 * For a RabbitMQ node, whose management API is 10,000 above and Erlang's port 20,000: all must stay below those of outgoing
 * connections.
 */
export async function freeNodePort(): Promise<number> {
  for (let tries = 0; tries < 100; tries += 1) {
    const port = randomInt(10_500, 12_000);
    const free = await Promise.all([port, port + 10_000, port + 20_000].map(isFree));
    if (free.every(Boolean)) return port;
  }
  throw new Error('no free port for a RabbitMQ node');
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
