import { connect } from 'node:net';

const LIMIT_MS = 2_000;
const redis = { name: 'Redis', variable: 'TEST_REDIS_URL' };

/** The Redis for tests, which nobody starts here: its address, or why there is none. */
export function findRedis() {
  const url = process.env.TEST_REDIS_URL || 'redis://127.0.0.1:6379';
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    const socket = connect({ host: hostname, port: Number(port || 6379), timeout: LIMIT_MS });
    const end = (found) => {
      socket.destroy();
      resolve(found);
    };
    const missing = (reason) => ({
      ...redis,
      missing: `none at ${hostname}:${port || 6379} (${reason}), set TEST_REDIS_URL`,
    });
    socket.on('connect', () => end({ ...redis, address: url }));
    socket.on('error', ({ code }) => end(missing(code)));
    socket.on('timeout', () => end(missing('no answer')));
  });
}
