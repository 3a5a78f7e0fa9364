import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from '@jest/globals';
import type { Driver, OutgoingMessage, Topology } from '@taskwire/messaging';
import { type KafkaClientName, KafkaDriver } from '@taskwire/messaging/kafka';
import { PostgresDriver } from '@taskwire/messaging/postgres';
import { RabbitmqDriver } from '@taskwire/messaging/rabbitmq';
import { removePrefix } from '@taskwire/messaging/testing/kafka';
import { removeTopology } from '@taskwire/messaging/testing/rabbitmq';
import {
  createTestDatabase,
  type FaultProxy,
  faultProxy,
  hasKafka,
  hasRabbitmq,
  kafkaBrokers,
  kafkaProxy,
  rabbitmqUrl,
  until,
} from '@taskwire/testing';
import { Instance } from './instance.js';

const PARTITIONS = 8;
const SESSION_MS = 3_000;
const GROUP = 'slow';
const LIMIT_MS = 90_000;
const BYTES = 8_192;
/** More than any consumer buffers of these. */
const WAITING = 2_000;
/** Takes 100 messages a second. */
const SLOW = { read: { group: GROUP, batchSize: 10, batchMs: 200 } };
const FAST = { send: { senders: 2 * PARTITIONS, batchSize: 50, bytes: 2_048 } };
const LINK_KB_PER_SECOND = 1_000;
/** What is fetched at the moment, and by how much a heap varies: a third of what is sent between two looks. */
const NOISE_BYTES = 16 * 1024 ** 2;

const topology: Topology = {
  topics: [{ name: 'pressed.v1', partitions: PARTITIONS, retentionMs: 3_600_000 }],
  groups: [{ name: GROUP, topics: ['pressed.v1'], from: 'now' }],
};

/** A broker, directly and over a link that can be made slow. */
interface Place {
  readonly bus: string;
  readonly options: object;
  readonly linkedOptions: object;
  readonly link: FaultProxy;
  driver(): Driver;
  remove(): Promise<void>;
}

async function onPostgres(): Promise<Place> {
  const { url, drop } = await createTestDatabase();
  const { hostname, port } = new URL(url);
  const link = await faultProxy({ target: `${hostname}:${port || 5432}` });
  const options = { url, ttlMs: SESSION_MS, beatMs: SESSION_MS / 5 };
  return {
    ...{ bus: 'postgres', options, link, linkedOptions: { ...options, url: link.through(url) } },
    driver: () => new PostgresDriver(options),
    remove: drop,
  };
}

async function onRabbitmq(): Promise<Place> {
  const prefix = `pressure-${randomBytes(4).toString('hex')}.`;
  const { hostname, port } = new URL(rabbitmqUrl);
  const link = await faultProxy({ target: `${hostname}:${port || 5672}` });
  const options = { url: rabbitmqUrl, prefix };
  return {
    ...{ bus: 'rabbitmq', options, link, linkedOptions: { ...options, url: link.through(rabbitmqUrl) } },
    driver: () => new RabbitmqDriver(options),
    remove: () => removeTopology(rabbitmqUrl, prefix, topology),
  };
}

const onKafka = (client: KafkaClientName) => async (): Promise<Place> => {
  const prefix = `pressure-${randomBytes(4).toString('hex')}.`;
  const way = await kafkaProxy(kafkaBrokers[0] ?? '');
  const link = await faultProxy({ target: way.address });
  way.advertised = new Map([[kafkaBrokers[0] ?? '', link.address]]);
  const options = { brokers: kafkaBrokers, client, prefix, sessionTimeoutMs: SESSION_MS };
  return {
    ...{ bus: 'kafka', options, link, linkedOptions: { ...options, brokers: [link.address] } },
    driver: () => new KafkaDriver(options),
    remove: async () => {
      await way.close();
      await removePrefix(kafkaBrokers, prefix);
    },
  };
};

const PLACES: Readonly<Record<string, () => Promise<Place>>> = {
  postgres: onPostgres,
  ...(hasRabbitmq() && { rabbitmq: onRabbitmq }),
  ...(hasKafka() && { 'kafka by platformatic': onKafka('platformatic') }),
  ...(hasKafka() && { 'kafka by kafkajs': onKafka('kafkajs') }),
};

type Undo = (step: () => Promise<unknown>) => void;

/** All places at once: most of the time is waiting. What was made is removed in reverse order. */
const onEachPlace = (what: string, run: (place: Place, undo: Undo) => Promise<void>): void =>
  it.concurrent.each(Object.keys(PLACES))(
    `${what}, on %s`,
    async (name) => {
      const steps: (() => Promise<unknown>)[] = [];
      const place = (await PLACES[name]?.()) as Place;
      steps.push(place.remove, () => place.link.close());
      try {
        await run(place, (step) => steps.push(step));
      } finally {
        for (const step of steps.reverse()) await step();
      }
    },
    LIMIT_MS,
  );

/** As many more, each with a key of its own. */
async function sendMore(driver: Driver, from: number, count: number): Promise<void> {
  const messages = Array.from({ length: count }, (_, i): OutgoingMessage => {
    const key = String(from + i);
    const body = Buffer.alloc(BYTES);
    return { topic: 'pressed.v1', partition: i % PARTITIONS, key, headers: {}, body };
  });
  // Few enough that a broker which is busy with the others confirms them in time.
  for (let at = 0; at < count; at += 200) {
    expect(await driver.send(messages.slice(at, at + 200))).not.toContainEqual(expect.any(Error));
  }
}

onEachPlace(
  'a consumer that is 10 times too slow holds its memory and its partitions, and shows its lag',
  async ({ bus, options, driver: open }, undo) => {
    const driver = open();
    undo(() => driver.close());
    await driver.connect();
    await driver.declare(topology);
    const instance = await Instance.start({ bus, options, topology, task: SLOW });
    undo(() => instance.kill());
    await until('all partitions', async () => (await instance.report()).partitions === PARTITIONS);

    await sendMore(driver, 0, WAITING);
    await sleep(SESSION_MS / 2);
    const few = await instance.report();
    await sendMore(driver, WAITING, 3 * WAITING);
    await sleep(SESSION_MS);
    const many = await instance.report();

    expect(many.bytes - few.bytes).toBeLessThan(NOISE_BYTES);
    expect(few.handled).toBeGreaterThan(0);
    expect(many).toMatchObject({ repeated: 0, fewestPartitions: PARTITIONS });
    expect(many.handled).toBeGreaterThan(few.handled);
    expect(many.lag - few.lag).toBeGreaterThan(WAITING);
  },
);

onEachPlace(
  'a producer that is faster than the way to its broker sends no faster than that, and holds its memory',
  async ({ bus, linkedOptions: options, link }, undo) => {
    const instance = await Instance.start({ bus, options, topology, task: FAST });
    undo(() => instance.kill());
    link.add({ type: 'bandwidth', rate: LINK_KB_PER_SECOND }, 'upstream');
    await sleep(1_000);
    const [began, early] = [performance.now(), await instance.report()];
    await sleep(3_000);
    const late = await until(
      'more to be sent',
      async () => {
        const report = await instance.report();
        return report.confirmed > early.confirmed && report;
      },
      LIMIT_MS / 2,
    );
    const seconds = (performance.now() - began) / 1_000;

    const { senders, batchSize, bytes } = FAST.send;
    const sentKb = ((late.confirmed - early.confirmed) * bytes) / 1_000;
    expect(late.refused).toEqual([]);
    // What was on its way when the link became slow may be confirmed at once.
    expect(sentKb).toBeLessThan(LINK_KB_PER_SECOND * seconds + (2 * senders * batchSize * bytes) / 1_000);
    expect(late.bytes - early.bytes).toBeLessThan(NOISE_BYTES);
  },
);
