import { contracts, subscriptions } from '@taskwire/contracts';
import { type Driver, type GroupReading, topologyOf } from '@taskwire/messaging';
import { Command } from 'commander';
import { driverOf, onBroker } from './broker.js';
import { CliError } from './cli-error.js';
import { plain, table } from './dead-letters/table.js';

type Print = (line: string) => void;

interface ForgetOptions {
  readonly topic?: string;
  readonly yes?: boolean;
}

/** `taskwire groups list|forget`: who reads the bus, and the end of those that are gone for good. */
export function groupsCommand(env: NodeJS.ProcessEnv, print: Print): Command {
  const command = new Command('groups').description('consumer groups on the broker, whoever declared them');
  command
    .command('list')
    .description('show every group, how far it is behind, and whether the contracts declare it')
    .action(async () => {
      const groups = await onBroker(await driverOf(env), (driver) => driver.groups());
      for (const line of table(HEADLINE, groups.map(rowOf))) print(line);
    });
  command
    .command('forget')
    .description('show what a group that is gone for good has not read; with --yes remove the group')
    .argument('<group>', 'its name')
    .option('--topic <topic>', 'only what it reads of this topic')
    .option('--yes', 'do it: what the group has not read it will never read')
    .action(async (group: string, options: ForgetOptions) =>
      onBroker(await driverOf(env), (driver) => forget(driver, group, options, print)),
    );
  return command;
}

async function forget(
  driver: Driver,
  group: string,
  { topic, yes = false }: ForgetOptions,
  print: Print,
): Promise<void> {
  const found = (await driver.groups()).filter(
    (row) => row.group === group && (topic === undefined || row.topic === topic),
  );
  if (found.length === 0) {
    const on = topic === undefined ? '' : ` on topic ${plain(topic)}`;
    throw new CliError(
      `there is no group ${plain(group)}${on}: "npx taskwire groups list" shows those there are`,
    );
  }
  for (const line of table(HEADLINE, found.map(rowOf))) print(line);
  const members = found.filter((row) => row.members > 0);
  if (members.length > 0) {
    throw new CliError(
      `nothing was forgotten: instances read ${members.map((row) => plain(row.topic)).join(', ')}: stop them first`,
    );
  }
  if (found.some(isDeclared)) {
    print(
      'The contracts declare it: the next start of its service makes it anew, without what is unread now.',
    );
  }
  const unread = found.reduce((sum, { messages }) => sum + messages, 0);
  if (!yes) throw new CliError(`nothing was forgotten: it has not read ${unread} messages; --yes forgets it`);
  // Refuses by itself when an instance has come meanwhile.
  await driver.forgetGroup(group, topic);
  print(`${plain(group)} is forgotten on ${found.map((row) => plain(row.topic)).join(', ')}.`);
}

const { groups: declared } = topologyOf(contracts, subscriptions);
const isDeclared = ({ group, topic }: GroupReading): boolean =>
  declared.some(({ name, topics }) => name === group && topics.includes(topic));

const HEADLINE = ['GROUP', 'TOPIC', 'UNREAD', 'OLDEST', 'INSTANCES', 'CONTRACTS'];
const rowOf = (row: GroupReading): (string | number)[] => [
  row.group,
  row.topic,
  row.messages,
  row.oldestAgeMs === 0 ? '-' : `${Math.round(row.oldestAgeMs / 1_000)} s`,
  row.members,
  isDeclared(row) ? 'declared' : 'unknown',
];
