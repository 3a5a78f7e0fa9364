import { randomBytes } from 'node:crypto';
import { type KafkaClientName, KafkaDriver } from '@taskwire/messaging/kafka';
import { MemoryBroker, MemoryDriver } from '@taskwire/messaging/memory';
import { PostgresDriver } from '@taskwire/messaging/postgres';
import type { RabbitmqDriver } from '@taskwire/messaging/rabbitmq';
import type { StoreTarget } from '@taskwire/messaging/testing/bus';
import type { DriverTarget } from '@taskwire/messaging/testing/driver';
import { removePrefix } from '@taskwire/messaging/testing/kafka';
import { RabbitmqScene } from '@taskwire/messaging/testing/rabbitmq';
import { createOutbox, install, pgExecutor } from '@taskwire/outbox';
import { createTestDatabase, kafkaBrokers, rabbitmqUrl } from '@taskwire/testing';
import { Pool } from 'pg';

export function memoryTarget(): Promise<DriverTarget> {
  const broker = new MemoryBroker();
  return Promise.resolve({
    driver: () => new MemoryDriver(broker),
    kill: (driver) => Promise.resolve((driver as MemoryDriver).abort()),
    cut: (driver) => Promise.resolve((driver as MemoryDriver).disconnect()),
    close: () => Promise.resolve(),
  });
}

export async function postgresTarget(): Promise<DriverTarget> {
  const { url, drop } = await createTestDatabase();
  return {
    driver: () => new PostgresDriver({ url, ttlMs: 1_500, beatMs: 300 }),
    kill: (driver) => Promise.resolve((driver as PostgresDriver).abort()),
    cut: noCuts,
    close: drop,
  };
}

export async function rabbitmqTarget(): Promise<DriverTarget> {
  const scene = await RabbitmqScene.open(rabbitmqUrl);
  return {
    driver: () => scene.driver(),
    kill: (driver) => Promise.resolve((driver as RabbitmqDriver).abort()),
    cut: noCuts,
    close: () => scene.close(),
  };
}

export function kafkaTarget(client: KafkaClientName): () => Promise<DriverTarget> {
  const prefix = `bus-${randomBytes(4).toString('hex')}.`;
  return () =>
    Promise.resolve({
      driver: () => new KafkaDriver({ brokers: kafkaBrokers, prefix, client, sessionTimeoutMs: 4_000 }),
      kill: (driver) => Promise.resolve((driver as KafkaDriver).abort()),
      cut: noCuts,
      close: () => removePrefix(kafkaBrokers, prefix),
    });
}

const noCuts = (): Promise<never> => Promise.reject(new Error('no case of the bus cuts connections'));

const silent = { warn: () => undefined, error: () => undefined };

/** One service's database; each instance has a pool and a relay of its own, as its processes would. */
export async function outboxStores(): Promise<StoreTarget> {
  const { url, takeDown, bringUp, drop } = await createTestDatabase();
  const poolOf = () => {
    const pool = new Pool({ connectionString: url, max: 6, connectionTimeoutMillis: 5_000 });
    // At the end the database is dropped, which a connection that is just closing may still notice.
    return pool.on('error', () => undefined);
  };
  const first = poolOf();
  await install(pgExecutor(first));
  await first.end();
  return {
    database: { down: takeDown, up: bringUp },
    open: (driver, parkedLimit) => {
      const pool = poolOf();
      const executor = pgExecutor(pool);
      // More than any case lasts: nothing is dead for having been slow.
      const retryMs = Array.from({ length: 30 }, () => 500);
      const settings = { retryMs, ...(parkedLimit !== undefined && { parkedLimit }) };
      const outbox = createOutbox({ executor, driver, listenUrl: url, log: silent, settings });
      return Promise.resolve({
        store: outbox.store,
        start: () => outbox.start(),
        stop: async () => {
          await outbox.stop();
          await pool.end();
        },
      });
    },
    close: drop,
  };
}
