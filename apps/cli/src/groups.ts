import { contracts, subscriptions } from '@taskwire/contracts';
import { topologyOf } from '@taskwire/messaging';
import { PostgresDriver, type PostgresGroup } from '@taskwire/messaging/postgres';
import { Command } from 'commander';
import { driverOf, onBroker } from './broker.js';
import { CliError } from './cli-error.js';
import { plain, table } from './dead-letters/table.js';

type Print = (line: string) => void;

interface ForgetOptions {
  readonly topic?: string;
  readonly yes?: boolean;
}

/** `taskwire groups list|forget`: who reads the `postgres` bus, and the end of those that are gone for good. */
export function groupsCommand(env: NodeJS.ProcessEnv, print: Print): Command {
  const command = new Command('groups').description('consumer groups of BUS=postgres, whoever declared them');
  command
    .command('list')
    .description('show every group, how far it is behind, and whether the contracts declare it')
    .action(async () => {
      const groups = await onPostgres(env, (driver) => driver.groups());
      for (const line of table(HEADLINE, groups.map(rowOf))) print(line);
    });
  command
    .command('forget')
    .description('show what a group that is gone for good has not read; with --yes remove the group')
    .argument('<group>', 'its name')
    .option('--topic <topic>', 'only what it reads of this topic')
    .option('--yes', 'do it: what the group has not read it will never read')
    .action((group: string, options: ForgetOptions) =>
      onPostgres(env, (driver) => forget(driver, group, options, print)),
    );
  return command;
}

async function forget(
  driver: PostgresDriver,
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
const isDeclared = ({ group, topic }: PostgresGroup): boolean =>
  declared.some(({ name, topics }) => name === group && topics.includes(topic));

const HEADLINE = ['GROUP', 'TOPIC', 'UNREAD', 'OLDEST', 'INSTANCES', 'CONTRACTS'];
const rowOf = (row: PostgresGroup): (string | number)[] => [
  row.group,
  row.topic,
  row.messages,
  row.messages === 0 ? '-' : `${Math.round(row.oldestAgeMs / 1_000)} s`,
  row.members,
  isDeclared(row) ? 'declared' : 'unknown',
];

async function onPostgres<T>(
  env: NodeJS.ProcessEnv,
  work: (driver: PostgresDriver) => Promise<T>,
): Promise<T> {
  const driver = await driverOf(env);
  if (driver instanceof PostgresDriver) return onBroker(driver, work);
  await driver.close();
  throw new CliError(`this is for BUS=postgres only. ${ELSEWHERE[driver.name] ?? ''}`);
}

const ELSEWHERE: Readonly<Record<string, string>> = {
  rabbitmq:
    'AMQP does not list queues. "rabbitmqctl list_queues name messages consumers" does: a group has one ' +
    '<BUS_PREFIX><topic>.<group>.<partition> for each partition; "rabbitmqctl delete_queue <name>" removes one',
  kafka:
    'Groups hold nothing back in Kafka, and one without instances ends after offsets.retention.minutes. "kafka-consumer-groups ' +
    '--bootstrap-server <broker> --describe --all-groups" lists them, "--delete --group <BUS_PREFIX><group>" removes one',
};
