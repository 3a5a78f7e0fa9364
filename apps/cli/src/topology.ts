import { contracts, subscriptions } from '@taskwire/contracts';
import { type Driver, type Topology, type TopologyDifference, topologyOf } from '@taskwire/messaging';
import { Command } from 'commander';
import { driverOf, onBroker } from './broker.js';
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
      const differences = await onBroker(await driverOf(env), (driver) => driver.plan(topology));
      show(topology, differences, print);
      if (check && differences.length > 0) throw new CliError('the broker is not as the contracts say');
    });
  command
    .command('apply')
    .description('make what is missing; services do the same at their start')
    .action(async () => {
      const made = await onBroker(await driverOf(env), (driver) => apply(driver, topology));
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
