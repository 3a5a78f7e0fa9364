/**
 * `npm run contracts:check`: compares the contracts in the code with what was published of them.
 * `npm run contracts:publish` stores what is new and compatible.
 */
import { parseArgs } from 'node:util';
import { contracts, subscriptions } from '@taskwire/contracts';
import {
  checkContracts,
  CONTRACTS_FOLDER,
  fails,
  readStored,
  report,
  writeStored,
} from '@taskwire/contracts/compatibility';
import { format } from 'prettier';

const { values: options } = parseArgs({ options: { publish: { type: 'boolean', default: false } } });

if (options.publish) await publish();
process.exitCode = await check();

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
  const pretty = (json: string) => format(json, { parser: 'json', printWidth: 110 });
  await writeStored(CONTRACTS_FOLDER, contracts, subscriptions, stored, pretty);
}
