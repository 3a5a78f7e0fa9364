/**
 * `npm run contracts:check`: compares the contracts in the code, and the API's OpenAPI document, with what was published.
 * `npm run contracts:publish` stores what is new and compatible.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { isDeepStrictEqual, parseArgs } from 'node:util';
import { contracts, subscriptions } from '@taskwire/contracts';
import {
  type Api,
  apiBreaks,
  checkContracts,
  CONTRACTS_FOLDER,
  fails,
  readStored,
  report,
  writeStored,
} from '@taskwire/contracts/compatibility';
import { openApiDocument } from '@taskwire/gateway';
import { format } from 'oxfmt';

const { values: options } = parseArgs({ options: { publish: { type: 'boolean', default: false } } });

const API_FILE = new URL('../apps/gateway/published/openapi.v1.json', import.meta.url);
const api = openApiDocument('1');
const pretty = async (json: string) => (await format('published.json', json, { printWidth: 110 })).code;

if (options.publish) {
  await publish();
  await publishApi();
}
process.exitCode = (await check()) + (await checkApi()) === 0 ? 0 : 1;

async function check(): Promise<number> {
  const findings = checkContracts(contracts, subscriptions, await readStored(CONTRACTS_FOLDER));
  for (const finding of findings) console.log(`${report(finding)}\n`);
  const failures = findings.filter(fails).length;
  console.log(`${contracts.length} messages: ${failures === 0 ? 'compatible' : `${failures} to put right`}`);
  return failures === 0 ? 0 : 1;
}

/** What is breaking is never stored: the check would not find it again. */
async function publish(): Promise<void> {
  const stored = await readStored(CONTRACTS_FOLDER);
  const findings = checkContracts(contracts, subscriptions, stored);
  if (findings.some(({ level }) => level === 'breaking')) return;
  await writeStored(CONTRACTS_FOLDER, contracts, subscriptions, stored, pretty);
}

async function checkApi(): Promise<number> {
  const stored = await readApi();
  if (stored === undefined) {
    console.log(
      'MISSING: the API was never published\n  do:  run "npm run contracts:publish" and commit what it wrote',
    );
    return 1;
  }
  const breaks = apiBreaks(stored, api);
  for (const one of breaks) {
    console.log(
      `BREAKS: ${one}\n  who: clients of /v1\n  do:  leave it as it is, and add a route or an optional field beside it`,
    );
  }
  if (breaks.length === 0 && !isDeepStrictEqual(stored, JSON.parse(JSON.stringify(api)))) {
    console.log(
      'compatible, not stored yet: the API\n  do:  run "npm run contracts:publish" and commit what it wrote',
    );
  }
  console.log(`the API: ${breaks.length === 0 ? 'compatible' : `${breaks.length} to put right`}`);
  return breaks.length;
}

async function publishApi(): Promise<void> {
  const stored = await readApi();
  if (stored !== undefined && apiBreaks(stored, api).length > 0) return;
  await writeFile(API_FILE, await pretty(JSON.stringify(api)));
}

async function readApi(): Promise<Api | undefined> {
  try {
    return JSON.parse(await readFile(API_FILE, 'utf8')) as Api;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
