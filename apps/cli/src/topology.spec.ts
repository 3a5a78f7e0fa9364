import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { contracts, subscriptions } from '@taskwire/contracts';
import { topologyOf } from '@taskwire/messaging';
import { removeTopology } from '@taskwire/messaging/testing/rabbitmq';
import { createDriver, readBusConfig } from '@taskwire/service/bus';
import { createTestDatabase, hasRabbitmq, rabbitmqUrl } from '@taskwire/testing';
import { program } from './program.js';

const topology = topologyOf(contracts, subscriptions);
const all = `${topology.topics.length} topics, ${topology.groups.length} groups`;

async function run(env: NodeJS.ProcessEnv, ...args: string[]): Promise<string[]> {
  const printed: string[] = [];
  await program(env, (line) => printed.push(line))
    .exitOverride()
    .parseAsync(['topology', ...args], { from: 'user' });
  return printed;
}

interface Broker {
  readonly env: NodeJS.ProcessEnv;
  remove(): Promise<void>;
}

const BROKERS: Readonly<Record<string, () => Promise<Broker>>> = {
  postgres: async () => {
    const { url, drop } = await createTestDatabase();
    return { env: { BUS: 'postgres', BUS_DATABASE_URL: url }, remove: drop };
  },
  ...(hasRabbitmq() && {
    rabbitmq: async () => {
      const prefix = `cli-${randomBytes(4).toString('hex')}.`;
      const env = { BUS: 'rabbitmq', RABBITMQ_URL: rabbitmqUrl, BUS_PREFIX: prefix };
      return { env, remove: () => removeTopology(rabbitmqUrl, prefix, topology) };
    },
  }),
};

describe.each(Object.keys(BROKERS))('taskwire topology on %s', (name) => {
  let broker: Broker;
  beforeAll(async () => {
    broker = (await BROKERS[name]?.()) as Broker;
  });
  afterAll(() => broker.remove(), 30_000);

  it('shows what is missing, makes it, and then finds nothing', async () => {
    const plan = await run(broker.env, 'plan');
    const applied = await run(broker.env, 'apply');
    const again = await run(broker.env, 'plan', '--check');

    expect(plan).toContain('+ topic task.commands.v1: 8 partitions');
    expect(plan.at(-1)).toBe(
      `${all}: ${topology.topics.length + topology.groups.length} missing, 0 in conflict`,
    );
    expect(applied).toEqual(plan);
    expect(again).toEqual([`${all}: 0 missing, 0 in conflict`]);
  }, 60_000);

  it('makes nothing when something of that name is there with other settings', async () => {
    const other = await (BROKERS[name]?.() as Promise<Broker>);
    const driver = await createDriver(readBusConfig(other.env), () => undefined);
    await driver.connect();
    await driver.declare({
      topics: [{ name: 'task.commands.v1', partitions: 3, retentionMs: 60_000 }],
      groups: [],
    });
    await driver.close();
    const plan = await run(other.env, 'plan');

    await expect(run(other.env, 'apply')).rejects.toThrow(/nothing was made:\n! topic task\.commands\.v1: /);
    expect(await run(other.env, 'plan')).toEqual(plan);
    await expect(run(other.env, 'plan', '--check')).rejects.toThrow(/not as the contracts say/);
    await other.remove();
  }, 60_000);
});

describe('taskwire topology', () => {
  it.each([
    [
      'a broker that is not there',
      { BUS: 'rabbitmq', RABBITMQ_URL: 'amqp://a:hidden@127.0.0.1:1' },
      /ECONNREFUSED/,
    ],
    ['no broker', { BUS: 'memory' }, /lives in one process/],
    ['no database', { BUS: 'postgres' }, /BUS_DATABASE_URL is needed/],
    ['an unknown bus', { BUS: 'pigeon' }, /BUS: must be one of/],
  ])('explains %s', async (_, env, message) => {
    const ended = run(env, 'plan');
    await expect(ended).rejects.toThrow(message);
    await expect(ended).rejects.not.toThrow(/hidden/);
  });
});
