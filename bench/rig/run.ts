/**
 * `npm run bench -- [part...] [options]`: what Taskwire's speed is, beside the peers that it is measured against. Without a
 * part all of them. Results go to `bench/results/`.
 */
import { parseArgs } from 'node:util';
import { resolve } from 'node:path';
import { runCommandPath } from '../command-path/run.ts';
import { runBacklog } from '../backlog/run.ts';
import { runLive } from '../live/run.ts';
import { runLogins } from '../logins/run.ts';
import { runDrivers } from '../drivers/run.ts';
import { runOverhead } from '../overhead/run.ts';
import { runOverload } from '../overload/run.ts';
import { runRelay } from '../relay/run.ts';
import { runSoak } from '../soak/run.ts';
import type { BenchOptions } from './options.ts';
import type { BusName } from './servers.ts';

const parts: Readonly<Record<string, (options: BenchOptions) => Promise<void>>> = {
  'command-path': runCommandPath,
  drivers: runDrivers,
  backlog: runBacklog,
  relay: runRelay,
  overhead: runOverhead,
  overload: runOverload,
  logins: runLogins,
  soak: runSoak,
  live: runLive,
};
const BUSES: readonly BusName[] = ['kafka', 'rabbitmq', 'postgres'];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    short: { type: 'boolean', default: false },
    /** One bus alone. */
    bus: { type: 'string' },
    /** Of `live`. */
    connections: { type: 'string' },
    /** A folder for the CPU profiles of the programs under test. */
    profile: { type: 'string' },
  },
});
const chosen = positionals.length > 0 ? positionals : Object.keys(parts);
const unknown = chosen.filter((part) => !(part in parts));
const buses = BUSES.filter((bus) => values.bus === undefined || bus === values.bus);
const connections = values.connections === undefined ? undefined : Number(values.connections);
const isCount = connections === undefined || (Number.isInteger(connections) && connections >= 1);
if (unknown.length > 0 || buses.length === 0 || !isCount) {
  console.error(
    `npm run bench -- [${Object.keys(parts).join('|')}] [--short] [--bus ${BUSES.join('|')}] [--connections N] [--profile <folder>]`,
  );
  process.exit(1);
}
const node = values.profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${resolve(values.profile)}`];
for (const part of chosen) await parts[part]?.({ short: values.short, buses, connections, node });
