import { join } from 'node:path';
import { startTestPostgres } from '../jest/test-postgres.js';
import { root } from '../workspaces.js';
import { checks } from './checks.js';
import { add, jest } from './jest.js';
import { startTestRabbitmq } from './rabbitmq.js';
import { findRedis } from './redis.js';
import { summary } from './summary.js';

// What crosses apps runs alone: it starts whole platforms, and ends them in the middle of their work.
const phases = [
  { roots: ['apps', 'libs', 'tools'], args: ['--maxWorkers=2'] },
  { roots: ['test'], args: ['--runInBand', '--passWithNoTests'] },
];

async function runCheck({ name, check }, databaseUrl) {
  const started = performance.now();
  const { code, output } = await check(databaseUrl);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${code === 0 ? 'ok    ' : 'FAILED'} ${name} (${seconds} s)`);
  if (code !== 0) console.log(output.trimEnd());
  return code === 0;
}

async function runChecks(databaseUrl) {
  const failed = [];
  for (const check of checks.slice(1)) {
    if (!(await runCheck(check, databaseUrl))) failed.push(check.name);
  }
  return failed;
}

async function runJest(env) {
  const ci = process.env.CI === 'true' ? ['--ci'] : [];
  let total = { passed: 0, failed: 0, skipped: 0 };
  for (const { roots, args } of phases) {
    const folders = roots.flatMap((folder) => ['--roots', join(root, folder)]);
    total = add(total, await jest([...folders, ...args, ...ci], env));
  }
  return total;
}

async function usePostgres() {
  const url = process.env.TEST_POSTGRES_URL;
  if (url) {
    console.log(`PostgreSQL for tests: ${new URL(url).host}`);
    return { url, stop: async () => {} };
  }
  console.log('PostgreSQL for tests: embedded');
  return startTestPostgres();
}

/** One that RABBITMQ_URL names, or a node that is started beside the checks, which need no broker. */
async function useRabbitmq() {
  const url = process.env.RABBITMQ_URL;
  if (url) return { url, stop: async () => {} };
  const started = await startTestRabbitmq();
  return started.missing ? { ...started, stop: async () => {} } : started;
}

/** Without a server its tests are skipped, or fail with `CI=true`: they say so themselves. */
function nameOf({ url, missing }) {
  return missing === undefined ? new URL(url).host : `MISSING, ${missing}`;
}

/** Runs every check and every test. Returns the exit code; the last line says how many tests passed and failed. */
export async function test() {
  const [build] = checks;
  if (!(await runCheck(build))) {
    console.log('0 passed, 1 failed');
    return 1;
  }
  const postgres = await usePostgres();
  const starting = useRabbitmq();
  try {
    const failedChecks = await runChecks(postgres.url);
    const rabbitmq = await starting;
    const redis = await findRedis();
    console.log(`RabbitMQ for tests: ${nameOf(rabbitmq)}`);
    console.log(`Redis for tests: ${nameOf(redis)}`);
    const counts = await runJest({
      TEST_POSTGRES_URL: postgres.url,
      ...(rabbitmq.url && { RABBITMQ_URL: rabbitmq.url }),
      ...(redis.url && { TEST_REDIS_URL: redis.url }),
    });
    if (failedChecks.length > 0) console.log(`Failed checks: ${failedChecks.join(', ')}`);
    console.log(summary(counts, failedChecks));
    return failedChecks.length > 0 || counts.failed > 0 ? 1 : 0;
  } finally {
    await (await starting).stop();
    await postgres.stop();
  }
}
