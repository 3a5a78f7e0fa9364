import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { contracts, subscriptions } from '@taskwire/contracts';
import { type Driver, type Topology, topologyOf } from '@taskwire/messaging';
import { createDriver, readBusConfig } from '@taskwire/service/bus';
import { createTestDatabase } from '@taskwire/testing';
import { program } from './program.js';

const known = topologyOf(contracts, subscriptions).groups[0];
if (!known) throw new Error('the contracts declare no group');
const [topic = ''] = known.topics;

let env: NodeJS.ProcessEnv;
let drop: () => Promise<void>;
let service: Driver;
let printed: string[];

beforeAll(async () => {
  const database = await createTestDatabase();
  drop = database.drop;
  env = { BUS: 'postgres', BUS_DATABASE_URL: database.url };
  service = await createDriver(readBusConfig(env), () => undefined);
  await service.connect();
}, 30_000);
afterAll(async () => {
  await service.close();
  await drop();
}, 30_000);
afterEach(async () => {
  const left = new Set((await service.lag()).map(({ group }) => group));
  for (const group of left) await run('forget', group, '--yes');
});

async function run(...args: string[]): Promise<string[]> {
  printed = [];
  await program(env, (line) => printed.push(line))
    .exitOverride()
    .parseAsync(['groups', ...args], { from: 'user' });
  return printed;
}

const reading = (group: string, ...topics: string[]): Topology => ({
  topics: topics.map((name) => ({ name, partitions: 2, retentionMs: 3_600_000 })),
  groups: [{ name: group, topics, from: 'now' }],
});

const send = async (to: string, count: number): Promise<void> => {
  const message = { topic: to, partition: 1, key: 'one', headers: {}, body: Buffer.from('x') };
  expect(await service.send(Array.from({ length: count }, () => message))).not.toContainEqual(
    expect.any(Error),
  );
};

describe('taskwire groups', () => {
  it('lists every group with what it has not read, and which of them the contracts declare', async () => {
    await service.declare(reading(known.name, topic));
    await service.declare(reading('reports', topic, 'other.v1'));
    await send(topic, 3);

    const lines = (await run('list')).map((line) => line.split(/ {2,}/));
    expect(lines[0]).toEqual(['GROUP', 'TOPIC', 'UNREAD', 'OLDEST', 'INSTANCES', 'CONTRACTS']);
    expect(lines).toContainEqual([known.name, topic, '3', expect.stringMatching(/^\d+ s$/), '0', 'declared']);
    expect(lines).toContainEqual(['reports', topic, '3', expect.any(String), '0', 'unknown']);
    expect(lines).toContainEqual(['reports', 'other.v1', '0', '-', '0', 'unknown']);
  });

  it('forgets a group only with --yes, after showing what it has not read', async () => {
    await service.declare(reading('reports', 'other.v1'));
    await send('other.v1', 5);

    await expect(run('forget', 'reports')).rejects.toThrow(
      /nothing was forgotten: it has not read 5 messages/,
    );
    expect(printed[1]).toMatch(/^reports +other\.v1 +5 /);
    expect(await service.lag()).toMatchObject([{ group: 'reports', messages: 5 }]);

    expect((await run('forget', 'reports', '--yes')).at(-1)).toBe('reports is forgotten on other.v1.');
    expect(await service.lag()).toEqual([]);
  });

  it('forgets what a group reads of one topic, and leaves the rest', async () => {
    await service.declare(reading('reports', 'other.v1', 'third.v1'));
    await run('forget', 'reports', '--topic', 'third.v1', '--yes');
    expect(await service.lag()).toMatchObject([{ group: 'reports', topic: 'other.v1' }]);
    const again = run('forget', 'reports', '--topic', 'third.v1', '--yes');
    await expect(again).rejects.toThrow(/there is no group reports on topic third\.v1/);
  });

  it('refuses a group with instances, whatever is said', async () => {
    await service.declare(reading('reports', 'other.v1'));
    const consumer = await service.subscribe('reports', ['other.v1'], () => Promise.resolve());
    await expect(run('forget', 'reports', '--yes')).rejects.toThrow(
      /instances read other\.v1: stop them first/,
    );
    expect(await service.lag()).toHaveLength(1);
    await consumer.close();
  });

  it('says of a declared group that its service makes it anew', async () => {
    await service.declare(reading(known.name, topic));
    await expect(run('forget', known.name)).rejects.toThrow(/--yes forgets it/);
    expect(printed.at(-1)).toMatch(/^The contracts declare it: the next start of its service makes it anew/);
  });

  it.each([
    ['a group that is not there', ['forget', 'nobody', '--yes'], {}, /no group nobody: .*groups list/],
    ['RabbitMQ', ['list'], { BUS: 'rabbitmq' }, /for BUS=postgres only.*rabbitmqctl delete_queue/],
    ['Kafka', ['list'], { BUS: 'kafka' }, /for BUS=postgres only.*kafka-consumer-groups.*--delete/],
  ])('explains %s', async (_, args, other, message) => {
    const before = env;
    env = { ...env, ...other };
    await expect(run(...args)).rejects.toThrow(message);
    env = before;
  });
});
