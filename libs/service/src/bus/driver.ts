import type { Driver } from '@taskwire/messaging';
import { MemoryBroker, memoryDriver } from '@taskwire/messaging/memory';
import type { BusConfig } from '../config.js';

/** One broker for all services of this process: the memory bus doesn't reach further. */
const broker = new MemoryBroker();

/** The driver that BUS names. Only its broker's client is loaded: Kafka's alone would take a third of a start. */
export async function createDriver(config: BusConfig, onWarning: (text: string) => void): Promise<Driver> {
  switch (config.BUS) {
    case 'postgres': {
      const { postgresDriver } = await import('@taskwire/messaging/postgres');
      return postgresDriver({
        url: config.BUS_DATABASE_URL ?? '',
        ttlMs: config.BUS_TTL_MS,
        beatMs: Math.floor(config.BUS_TTL_MS / 3),
        onWarning,
      });
    }
    case 'rabbitmq': {
      const { rabbitmqDriver } = await import('@taskwire/messaging/rabbitmq');
      return rabbitmqDriver({
        url: config.RABBITMQ_URL,
        ...(config.RABBITMQ_MANAGEMENT_URL !== undefined && {
          managementUrl: config.RABBITMQ_MANAGEMENT_URL,
        }),
        ...(config.RABBITMQ_CA !== undefined && { tls: { ca: config.RABBITMQ_CA } }),
        prefix: config.BUS_PREFIX,
        onWarning,
      });
    }
    case 'kafka': {
      const { kafkaDriver } = await import('@taskwire/messaging/kafka');
      const minInsyncReplicas =
        config.KAFKA_MIN_INSYNC_REPLICAS ?? (config.NODE_ENV === 'production' ? 2 : undefined);
      return kafkaDriver({
        brokers: config.KAFKA_BROKERS.split(','),
        client: config.KAFKA_CLIENT,
        prefix: config.BUS_PREFIX,
        sessionTimeoutMs: config.KAFKA_SESSION_MS,
        ...(minInsyncReplicas !== undefined && { minInsyncReplicas }),
        ...(config.KAFKA_TLS && { tls: config.KAFKA_CA === undefined || { ca: config.KAFKA_CA } }),
        ...(config.KAFKA_USERNAME !== undefined && {
          sasl: {
            mechanism: config.KAFKA_SASL_MECHANISM,
            username: config.KAFKA_USERNAME,
            password: config.KAFKA_PASSWORD,
          },
        }),
        onWarning,
      });
    }
    case 'memory':
      return memoryDriver(broker);
  }
}
