import { build } from '../build.js';
import { startTestPostgres } from './test-postgres.js';

/** One PostgreSQL for the whole run, unless TEST_POSTGRES_URL names a server. */
export default async function setUp() {
  await build({ quiet: true });
  if (process.env.TEST_POSTGRES_URL) return;
  globalThis.testPostgres = await startTestPostgres();
  process.env.TEST_POSTGRES_URL = globalThis.testPostgres.url;
}
