/**
 * `npm run load [-- --short]`: the load that the platform must stand. Registers 1,000 accounts at a running platform, lets
 * arrivals come at 10, 50 and 100 a second for a minute each, then compares what clients were told with what is stored.
 * BUS says what the platform was started with: each bus has a report of its own.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { addressOf, filesOf, readPlace } from '@taskwire/service/settings';
import { type ClientRecord, checkLedger, type Finding, readStored } from '@taskwire/testing';
import { type LoadAccount, registerAccounts } from './accounts.ts';
import { type ArtilleryReport, type LoadResult, markdown, missed, summarise } from './report.ts';

const RATES = [10, 50, 100];
const ACCOUNTS = 1_000;
/** How long the last events may take to reach analytics and notifications. */
const SETTLE_MS = 60_000;

/** Where the variables of `npm start` say that it is, unless the options say otherwise. */
const place = readPlace(process.env);
const { values: options } = parseArgs({
  options: {
    short: { type: 'boolean', default: false },
    api: { type: 'string', default: addressOf('gateway', place) },
    'exempt-token-file': { type: 'string', default: filesOf(place).rateLimitExemptToken },
  },
});

const bus = process.env.BUS || 'postgres';
const here = import.meta.dirname;
const results = join(here, '..', 'results');
const folder = await mkdtemp(join(tmpdir(), 'taskwire-load-'));
try {
  process.exitCode = await main();
} finally {
  await rm(folder, { recursive: true, force: true });
}

async function main(): Promise<number> {
  const ready = await fetch(`${options.api}/health/ready`, { signal: AbortSignal.timeout(5_000) }).catch(
    () => null,
  );
  if (!ready?.ok) {
    console.error(
      `No platform is ready at ${options.api}. Start one with \`npm start\`, or name it with --api or GATEWAY_PORT.`,
    );
    return 1;
  }
  const tokenFile = options['exempt-token-file'];
  const exempt = (await readFile(tokenFile, 'utf8').catch(() => '')).trim();
  if (exempt === '') {
    console.error(
      `No token in ${tokenFile}, so limits would refuse the load: set TASKWIRE_DATA as for \`npm start\`, or --exempt-token-file.`,
    );
    return 1;
  }
  console.log(`Registering ${ACCOUNTS} accounts...`);
  const accounts = await registerAccounts(options.api, ACCOUNTS, exempt);
  await writeFile(join(folder, 'accounts.json'), JSON.stringify(accounts), { mode: 0o600 });

  const seconds = options.short ? 10 : 60;
  const rates = [];
  for (const rate of RATES) {
    console.log(`${rate} arrivals a second for ${seconds} s...`);
    rates.push(summarise(await artillery(rate, seconds, exempt), rate));
  }

  const clients = await told(accounts);
  const findings = await settledFindings(accounts, clients);
  const created = clients.reduce((sum, client) => sum + client.creates.length, 0);
  const ledger =
    findings.length === 0
      ? `${created} tasks of ${clients.length} accounts: each stored, notified and counted exactly once.`
      : `${findings.length} findings, the first: ${JSON.stringify(findings[0])}`;
  const result: LoadResult = {
    date: new Date().toISOString().slice(0, 10),
    node: process.versions.node,
    cpus: cpus().length,
    bus,
    secondsPerRate: seconds,
    rates,
    ledger,
  };

  const ofBus = bus === 'postgres' ? '' : bus;
  const name = ['load', ofBus, options.short ? 'short' : ''].filter(Boolean).join('-');
  const command = `${ofBus && `BUS=${bus} `}npm run load${options.short ? ' -- --short' : ''}`;
  const page = markdown(result, command);
  await mkdir(results, { recursive: true });
  await writeFile(join(results, `${name}.json`), `${JSON.stringify(result, null, 2)}\n`);
  await writeFile(join(results, `${name}.md`), page);
  console.log(page);
  const faults = rates.flatMap(missed);
  for (const fault of faults) console.error(`Not passed: ${fault}.`);
  return faults.length === 0 && findings.length === 0 ? 0 : 1;
}

/** One run of the load generator per rate, so that each rate has percentiles of its own. */
async function artillery(arrivalRate: number, seconds: number, exempt: string): Promise<ArtilleryReport> {
  const phases = [{ duration: seconds, arrivalRate }];
  const overrides = JSON.stringify({ config: { target: options.api, phases } });
  const output = join(folder, `report-${arrivalRate}.json`);
  const args = ['run', '--quiet', '--overrides', overrides, '--output', output];
  const child = spawn(
    join(here, '..', 'node_modules', '.bin', 'artillery'),
    [...args, join(here, 'scenario.yml')],
    {
      stdio: 'inherit',
      env: {
        ...process.env,
        ARTILLERY_DISABLE_TELEMETRY: 'true',
        LOAD_ACCOUNTS: join(folder, 'accounts.json'),
        LOAD_NOTES: join(folder, 'notes.jsonl'),
        LOAD_EXEMPT_TOKEN: exempt,
      },
    },
  );
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) throw new Error(`artillery ended with ${code}`);
  return JSON.parse(await readFile(output, 'utf8')) as ArtilleryReport;
}

/** What each client was told, from the notes that the load generator took. */
async function told(accounts: readonly LoadAccount[]): Promise<ClientRecord[]> {
  const lines = (await readFile(join(folder, 'notes.jsonl'), 'utf8')).trim().split('\n');
  const notes = lines.map((line) => JSON.parse(line) as { userId: string; title: string; status: number });
  const byUser = Map.groupBy(notes, (note) => note.userId);
  return accounts.map(({ userId }) => ({
    owner: userId,
    // Arrivals of one account may overlap, and concurrent requests have no order.
    sequential: false,
    creates: (byUser.get(userId) ?? []).map(({ title, status }) => ({
      taskId: title,
      told: status === 201 ? 'acknowledged' : status === 202 || status >= 500 ? 'unknown' : 'refused',
      operation: null,
    })),
  }));
}

/** Reads the stores again until nothing is missing, or time is up. */
async function settledFindings(accounts: readonly LoadAccount[], clients: readonly ClientRecord[]) {
  const end = performance.now() + SETTLE_MS;
  for (;;) {
    const findings = await readFindings(accounts, clients);
    if (findings.length === 0 || performance.now() > end) return findings;
    await sleep(2_000);
  }
}

async function readFindings(
  accounts: readonly LoadAccount[],
  clients: readonly ClientRecord[],
): Promise<Finding[]> {
  return checkLedger(clients, await readStored(options.api, accounts));
}
