import { join } from 'node:path';
import { startTestPostgres } from '../jest/test-postgres.js';
import { root } from '../workspaces.js';
import { useBrokers } from './brokers.js';
import { checks } from './checks.js';
import { add, jest } from './jest.js';
import { findRedis } from './redis.js';
import { summary } from './summary.js';

const ON_RABBITMQ = [
  ...['access-tokens', 'accounts', 'administration', 'api-tokens', 'down-services', 'edges', 'identity'],
  ...['live', 'object-access', 'outages', 'owasp', 'sessions', 'webhooks', 'writes'],
];

// Two at a time: a third was no faster, and keeps two slow cores so busy that brokers and databases miss their time limits.
const phases = [
  {
    roots: ['apps', 'libs', 'tools', 'test'],
    args: [
      '--maxWorkers=2',
      '--testPathIgnorePatterns=/node_modules/',
      '--testPathIgnorePatterns=/test/faults/',
    ],
  },
  // What users and frontends see, once more as it is deployed.
  {
    roots: ['test/e2e'],
    args: ['--maxWorkers=3', '--testPathPatterns', ...ON_RABBITMQ.map((spec) => `/e2e/${spec}\\.spec`)],
    env: { TEST_BUS: 'rabbitmq' },
    needs: ['RABBITMQ_URL', 'TEST_REDIS_URL'],
  },
  { roots: ['test/faults'], args: ['--maxWorkers=2'] },
];

async function runCheck({ name, check }, databaseUrl) {
  const started = performance.now();
  const { code, output } = await check(databaseUrl);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${code === 0 ? 'ok    ' : 'FAILED'} ${name} (${seconds} s)`);
  if (code !== 0) console.log(output.trimEnd());
  return code === 0;
}

/** Two at a time, in order. */
async function runChecks(databaseUrl) {
  const failed = [];
  const left = checks.slice(1);
  const runner = async () => {
    for (let check = left.shift(); check; check = left.shift()) {
      if (!(await runCheck(check, databaseUrl))) failed.push(check.name);
    }
  };
  await Promise.all([runner(), runner()]);
  return failed;
}

async function runJest(env) {
  const ci = process.env.CI === 'true' ? ['--ci'] : [];
  let total = { passed: 0, failed: 0, skipped: 0 };
  for (const { roots, args, needs = [], env: own } of phases) {
    // The specs of the first phase said already that they are missing.
    if (needs.some((variable) => !env[variable])) continue;
    const folders = roots.flatMap((folder) => ['--roots', join(root, folder)]);
    total = add(total, await jest([...folders, ...args, ...ci], { ...env, ...own }));
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

// The brokers and platforms of the tests live for seconds: what compiles them best doesn't come back.
process.env.JAVA_TOOL_OPTIONS ??= '-XX:TieredStopAtLevel=1';
process.env.NODE_COMPILE_CACHE ??= join(root, 'node_modules', '.cache', 'taskwire-test');

/** Runs every check and every test. Returns the exit code; the last line says how many tests passed and failed. */
export async function test() {
  const [build] = checks;
  if (!(await runCheck(build))) {
    console.log('0 passed, 1 failed');
    return 1;
  }
  const postgres = await usePostgres();
  // They start beside the checks, which need none.
  const starting = useBrokers();
  try {
    const failedChecks = await runChecks(postgres.url);
    const env = { TEST_POSTGRES_URL: postgres.url };
    // Without a server its tests are skipped, or fail with `CI=true`: they say so themselves.
    for (const { name, variable, address, missing } of [...(await starting), await findRedis()]) {
      console.log(`${name} for tests: ${missing ? `MISSING, ${missing}` : address.replace(/^.*@/, '')}`);
      if (address) env[variable] = address;
    }
    const counts = await runJest(env);
    if (failedChecks.length > 0) console.log(`Failed checks: ${failedChecks.join(', ')}`);
    console.log(summary(counts, failedChecks));
    return failedChecks.length > 0 || counts.failed > 0 ? 1 : 0;
  } finally {
    for (const { stop } of await starting) await stop();
    await postgres.stop();
  }
}
