import type { Driver } from '@taskwire/messaging';
import { kafkaDriver } from '@taskwire/messaging/kafka';
import { MemoryBroker, memoryDriver } from '@taskwire/messaging/memory';
import { postgresDriver } from '@taskwire/messaging/postgres';
import { rabbitmqDriver } from '@taskwire/messaging/rabbitmq';
import type { BusConfig } from '../config.js';

/** One broker for all services of this process: the memory bus doesn't reach further. */
const broker = new MemoryBroker();

/** The driver that BUS names. */
export function createDriver(config: BusConfig, onWarning: (text: string) => void): Driver {
  switch (config.BUS) {
    case 'postgres':
      return postgresDriver({
        url: config.BUS_DATABASE_URL ?? '',
        ttlMs: config.BUS_TTL_MS,
        beatMs: Math.floor(config.BUS_TTL_MS / 3),
        onWarning,
      });
    case 'rabbitmq':
      return rabbitmqDriver({ url: config.RABBITMQ_URL, prefix: config.BUS_PREFIX, onWarning });
    case 'kafka': {
      const minInsyncReplicas =
        config.KAFKA_MIN_INSYNC_REPLICAS ?? (config.NODE_ENV === 'production' ? 2 : undefined);
      return kafkaDriver({
        brokers: config.KAFKA_BROKERS.split(','),
        client: config.KAFKA_CLIENT,
        prefix: config.BUS_PREFIX,
        sessionTimeoutMs: config.KAFKA_SESSION_MS,
        ...(minInsyncReplicas !== undefined && { minInsyncReplicas }),
        ...(config.KAFKA_TLS && { tls: true }),
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
