import { contracts, subscriptions } from '@taskwire/contracts';
import { type Driver, type Topology, type TopologyDifference, topologyOf } from '@taskwire/messaging';
import { ConfigError, createDriver, readBusConfig } from '@taskwire/service/bus';
import { Command } from 'commander';
import { CliError } from './cli-error.js';

type Print = (line: string) => void;

/** `taskwire topology plan|apply`: what the contracts need on the broker that the environment names. */
export function topologyCommand(env: NodeJS.ProcessEnv, print: Print): Command {
  const topology = topologyOf(contracts, subscriptions);
  const command = new Command('topology').description('topics and consumer groups on the broker');
  command
    .command('plan')
    .description('show what "apply" would make, and what stands in its way; changes nothing')
    .option('--check', 'exit with 1 when the broker is not as it should be')
    .action(async ({ check = false }: { check?: boolean }) => {
      const differences = await onBroker(env, (driver) => driver.plan(topology));
      show(topology, differences, print);
      if (check && differences.length > 0) throw new CliError('the broker is not as the contracts say');
    });
  command
    .command('apply')
    .description('make what is missing; services do the same at their start')
    .action(async () => {
      const made = await onBroker(env, (driver) => apply(driver, topology));
      show(topology, made, print);
    });
  return command;
}

async function apply(driver: Driver, topology: Topology): Promise<readonly TopologyDifference[]> {
  const differences = await driver.plan(topology);
  const conflicts = differences.filter(({ kind }) => kind === 'conflict');
  if (conflicts.length > 0) {
    throw new CliError(`nothing was made:\n${conflicts.map(lineOf).join('\n')}`);
  }
  await driver.declare(topology);
  return differences;
}

function show(topology: Topology, differences: readonly TopologyDifference[], print: Print): void {
  for (const difference of differences) print(lineOf(difference));
  const { topics, groups } = topology;
  const missing = differences.filter(({ kind }) => kind === 'missing').length;
  const conflicts = differences.length - missing;
  print(`${topics.length} topics, ${groups.length} groups: ${missing} missing, ${conflicts} in conflict`);
}

const lineOf = ({ kind, what, name, detail, change }: TopologyDifference): string =>
  kind === 'missing' ? `+ ${what} ${name}: ${detail}` : `! ${what} ${name}: ${detail}: ${change}`;

/** Connects, does the work, and leaves the broker again. */
async function onBroker<T>(env: NodeJS.ProcessEnv, work: (driver: Driver) => Promise<T>): Promise<T> {
  const driver = await driverOf(env);
  try {
    await driver.connect();
    return await work(driver);
  } catch (error) {
    if (error instanceof CliError) throw error;
    throw new CliError(`${driver.name}: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  } finally {
    await driver.close();
  }
}

async function driverOf(env: NodeJS.ProcessEnv): Promise<Driver> {
  try {
    const config = readBusConfig(env);
    if (config.BUS === 'memory')
      throw new CliError('BUS=memory lives in one process: it has no broker to look at');
    if (config.BUS === 'postgres' && config.BUS_DATABASE_URL === undefined) {
      throw new CliError(
        'BUS_DATABASE_URL is needed with BUS=postgres (the embedded one of "npm start" looks after itself)',
      );
    }
    return await createDriver(config, () => undefined);
  } catch (error) {
    if (error instanceof ConfigError) throw new CliError(error.message, { cause: error });
    throw error;
  }
}
