/**
 * `npm run fuzz -- [--requests N] [--seed S]`: requests drawn from the OpenAPI document, most of them nearly right, against
 * the whole platform. Fails at an answer of 500 or more, and at one that the document doesn't describe.
 */
import { parseArgs } from 'node:util';
import { startPlatform } from '../e2e/platform.ts';
import { startServers } from '../faults/servers.ts';
import { fuzz, UNLIMITED } from './fuzz.ts';

const { values } = parseArgs({
  options: {
    requests: { type: 'string', default: '50000' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
});
const [requests, seed] = [Number(values.requests), Number(values.seed)];
if (!Number.isSafeInteger(requests) || requests < 1 || !Number.isSafeInteger(seed)) {
  console.error('npm run fuzz -- [--requests N] [--seed S]: both are whole numbers');
  process.exit(2);
}

const { postgres } = await startServers('postgres', 1);
process.env.TEST_POSTGRES_URL = postgres.address;
const platform = await startPlatform({ env: UNLIMITED });
try {
  console.log(`${requests} requests, seed ${seed}`);
  const answers = await fuzz({ api: platform.api, requests, seed });
  for (const [status, count] of Object.entries(answers)) console.log(`${status}: ${count}`);
} catch (error) {
  console.error(error);
  process.exitCode = 1;
} finally {
  await platform.stop();
  await postgres.remove();
}
