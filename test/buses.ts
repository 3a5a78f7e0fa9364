import { randomBytes } from 'node:crypto';
import { contracts, subscriptions } from '@taskwire/contracts';
import { type Driver, topologyOf } from '@taskwire/messaging';
import { kafkaDriver } from '@taskwire/messaging/kafka';
import { postgresDriver } from '@taskwire/messaging/postgres';
import { rabbitmqDriver } from '@taskwire/messaging/rabbitmq';
import { type ReadRecord, readTopics, removePrefix } from '@taskwire/messaging/testing/kafka';
import { removeTopology, tapRabbitmq } from '@taskwire/messaging/testing/rabbitmq';
import { createTestDatabase, kafkaBrokers, rabbitmqUrl } from '@taskwire/testing';
import { Client } from 'pg';

export type BusName = 'postgres' | 'rabbitmq' | 'kafka';

export interface BusTap {
  /** Routing, keys, headers and bodies of all messages so far, as text. */
  read(): Promise<string>;
  close(): Promise<void>;
}

/** Shorter than in production, so that tests don't wait for the end of a dead member's session. */
const KAFKA_SESSION_MS = 2_000;

export interface BusUnderTest {
  /** Settings of every service. */
  readonly env: NodeJS.ProcessEnv;
  /** True when no group is behind; else which one, and by how much. */
  isEmpty(): Promise<true | string>;
  /** Hears everything from now on as it is on the bus; the services have to be started. */
  tap(): Promise<BusTap>;
  /** Deletes everything that the services made on the broker. */
  remove(): Promise<void>;
}

const topology = topologyOf(contracts, subscriptions);

/**
 * A part of the broker for one deployment alone: of the one at `address`, or of that for tests. PostgreSQL's address is
 * `host:port`, of a way to the server for tests.
 */
export async function busUnder(name: BusName, address?: string): Promise<BusUnderTest> {
  switch (name) {
    case 'postgres': {
      const { url, drop } = await createTestDatabase();
      const reached = new URL(url);
      if (address !== undefined) reached.host = address;
      return {
        ...underTest({ BUS: name, BUS_DATABASE_URL: reached.href }, () => postgresDriver({ url }), drop),
        tap: () => Promise.resolve({ read: () => readMessages(url), close: () => Promise.resolve() }),
      };
    }
    case 'rabbitmq': {
      const url = address ?? rabbitmqUrl;
      const prefix = `faults-${randomBytes(4).toString('hex')}.`;
      const env = { BUS: name, RABBITMQ_URL: url, BUS_PREFIX: prefix };
      const open = () => rabbitmqDriver({ url, prefix });
      return {
        ...underTest(env, open, () => removeTopology(url, prefix, topology)),
        tap: async () => {
          const { messages, close } = await tapRabbitmq(url, prefix, topology);
          const textOf = ({ fields, properties, content }: (typeof messages)[number]) =>
            `${JSON.stringify({ fields, properties })}\n${content.toString()}`;
          return { read: () => Promise.resolve(messages.map(textOf).join('\n')), close };
        },
      };
    }
    case 'kafka': {
      const at = address?.split(',') ?? kafkaBrokers;
      const prefix = `faults-${randomBytes(4).toString('hex')}.`;
      const env = {
        BUS: name,
        KAFKA_BROKERS: at.join(','),
        KAFKA_SESSION_MS: String(KAFKA_SESSION_MS),
        BUS_PREFIX: prefix,
      };
      const open = () => kafkaDriver({ brokers: at, prefix, sessionTimeoutMs: KAFKA_SESSION_MS });
      return {
        ...underTest(env, open, () => removePrefix(at, prefix)),
        tap: () =>
          Promise.resolve({
            read: async () => (await readTopics(at, prefix)).map(textOfRecord).join('\n'),
            close: () => Promise.resolve(),
          }),
      };
    }
  }
}

function textOfRecord({ topic, partition, message }: ReadRecord): string {
  const headers = Object.entries(message.headers ?? {}).map(
    ([header, value]) => `${header}: ${String(value)}`,
  );
  return [topic, partition, String(message.key), ...headers, String(message.value)].join('\n');
}

async function readMessages(url: string): Promise<string> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<{ text: string }>(
      `select concat_ws(E'\\n', p.topic, m.key, m.headers, convert_from(m.body, 'utf8')) as text
       from bus.message m join bus.partition p on p.id = m.part`,
    );
    return rows.map(({ text }) => text).join('\n');
  } finally {
    await client.end();
  }
}

/** Looks with a driver of its own, opened when first needed: by then the services have declared what there is. */
function underTest(
  env: NodeJS.ProcessEnv,
  open: () => Driver,
  remove: () => Promise<void>,
): Omit<BusUnderTest, 'tap'> {
  let opened: Promise<Driver> | undefined;
  const connected = async () => {
    const driver = open();
    await driver.connect();
    await driver.declare(topology);
    return driver;
  };
  return {
    env,
    isEmpty: async () => {
      opened ??= connected();
      const behind = (await (await opened).lag()).filter(({ messages }) => messages > 0);
      return behind.length === 0 || behind.map(({ group, messages }) => `${group}: ${messages}`).join(', ');
    },
    remove: async () => {
      await (await opened)?.close();
      await remove();
    },
  };
}
