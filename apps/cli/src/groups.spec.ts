import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { contracts, subscriptions } from '@taskwire/contracts';
import { type Driver, type Topology, topologyOf } from '@taskwire/messaging';
import { removePrefix } from '@taskwire/messaging/testing/kafka';
import { removeTopology } from '@taskwire/messaging/testing/rabbitmq';
import { createDriver, readBusConfig } from '@taskwire/service/bus';
import {
  createTestDatabase,
  hasKafka,
  hasRabbitmq,
  hasRabbitmqManagement,
  kafkaBrokers,
  rabbitmqManagementUrl,
  rabbitmqUrl,
  until,
} from '@taskwire/testing';
import { program } from './program.js';

const known = topologyOf(contracts, subscriptions).groups[0];
if (!known) throw new Error('the contracts declare no group');
const [topic = ''] = known.topics;

interface Broker {
  readonly env: NodeJS.ProcessEnv;
  remove(): Promise<void>;
}

const READ = [topic, 'other.v1', 'third.v1'];
const prefixed = () => `cli-${randomBytes(4).toString('hex')}.`;
const BROKERS: Readonly<Record<string, () => Promise<Broker>>> = {
  postgres: async () => {
    const { url, drop } = await createTestDatabase();
    return { env: { BUS: 'postgres', BUS_DATABASE_URL: url }, remove: drop };
  },
  ...((await hasRabbitmqManagement()) && {
    rabbitmq: () => {
      const prefix = prefixed();
      const env = {
        ...{ BUS: 'rabbitmq', RABBITMQ_URL: rabbitmqUrl, BUS_PREFIX: prefix },
        RABBITMQ_MANAGEMENT_URL: rabbitmqManagementUrl,
      };
      return Promise.resolve({
        env,
        remove: () => removeTopology(rabbitmqUrl, prefix, reading('', ...READ)),
      });
    },
  }),
  ...(hasKafka() && {
    kafka: () => {
      const prefix = prefixed();
      const env = { BUS: 'kafka', KAFKA_BROKERS: kafkaBrokers.join(), BUS_PREFIX: prefix };
      return Promise.resolve({ env, remove: () => removePrefix(kafkaBrokers, prefix) });
    },
  }),
};

async function runOn(env: NodeJS.ProcessEnv, args: readonly string[], printed: string[] = []) {
  await program(env, (line) => printed.push(line))
    .exitOverride()
    .parseAsync(['groups', ...args], { from: 'user' });
  return printed;
}

const reading = (group: string, ...topics: string[]): Topology => ({
  topics: topics.map((name) => ({ name, partitions: 2, retentionMs: 3_600_000 })),
  groups: [{ name: group, topics, from: 'now' }],
});

describe.each(Object.keys(BROKERS))('taskwire groups on %s', (name) => {
  let broker: Broker;
  let service: Driver;
  let printed: string[];

  beforeAll(async () => {
    broker = (await BROKERS[name]?.()) as Broker;
    service = await createDriver(readBusConfig(broker.env), () => undefined);
    await service.connect();
  }, 30_000);
  afterAll(async () => {
    await service.close();
    await broker.remove();
  }, 30_000);
  afterEach(async () => {
    const left = new Set((await service.groups()).map(({ group }) => group));
    for (const group of left) await service.forgetGroup(group);
  });

  const run = (...args: string[]) => runOn(broker.env, args, (printed = []));

  const send = async (to: string, count: number): Promise<void> => {
    const message = { topic: to, partition: 1, key: 'one', headers: {}, body: Buffer.from('x') };
    expect(await service.send(Array.from({ length: count }, () => message))).not.toContainEqual(
      expect.any(Error),
    );
  };

  it('lists every group with what it has not read, and which of them the contracts declare', async () => {
    await service.declare(reading(known.name, topic));
    await service.declare(reading('reports', topic, 'other.v1'));
    await send(topic, 3);

    const lines = (await run('list')).map((line) => line.split(/ {2,}/));
    expect(lines[0]).toEqual(['GROUP', 'TOPIC', 'UNREAD', 'OLDEST', 'INSTANCES', 'CONTRACTS']);
    const age = name === 'rabbitmq' ? '-' : expect.stringMatching(/^\d+ s$/);
    expect(lines).toContainEqual([known.name, topic, '3', age, '0', 'declared']);
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
    expect(await service.groups()).toMatchObject([{ group: 'reports', messages: 5 }]);

    expect((await run('forget', 'reports', '--yes')).at(-1)).toBe('reports is forgotten on other.v1.');
    expect(await service.groups()).toEqual([]);
  });

  it('forgets what a group reads of one topic, and leaves the rest', async () => {
    await service.declare(reading('reports', 'other.v1', 'third.v1'));
    await run('forget', 'reports', '--topic', 'third.v1', '--yes');
    expect(await service.groups()).toMatchObject([{ group: 'reports', topic: 'other.v1' }]);
    const again = run('forget', 'reports', '--topic', 'third.v1', '--yes');
    await expect(again).rejects.toThrow(/there is no group reports on topic third\.v1/);
  });

  it('refuses a group with instances, whatever is said', async () => {
    await service.declare(reading('reports', 'other.v1'));
    const consumer = await service.subscribe('reports', ['other.v1'], () => Promise.resolve());
    await until('its instance', async () => (await service.groups())[0]?.members === 1);
    await expect(run('forget', 'reports', '--yes')).rejects.toThrow(
      /instances read other\.v1: stop them first/,
    );
    expect(await service.groups()).toHaveLength(1);
    await consumer.close();
  });

  it('says of a declared group that its service makes it anew', async () => {
    await service.declare(reading(known.name, topic));
    await expect(run('forget', known.name)).rejects.toThrow(/--yes forgets it/);
    expect(printed.at(-1)).toMatch(/^The contracts declare it: the next start of its service makes it anew/);
  });

  it('explains a group that is not there', async () => {
    await expect(run('forget', 'nobody', '--yes')).rejects.toThrow(/no group nobody: .*groups list/);
  });
});

(hasRabbitmq() ? it : it.skip)('says what it takes to list groups of a RabbitMQ', async () => {
  const env = { BUS: 'rabbitmq', RABBITMQ_URL: rabbitmqUrl, RABBITMQ_MANAGEMENT_URL: 'http://127.0.0.1:1' };
  await expect(runOn(env, ['list'])).rejects.toThrow(/rabbitmq-plugins enable rabbitmq_management/);
});
