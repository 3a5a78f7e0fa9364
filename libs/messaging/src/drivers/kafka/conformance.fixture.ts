import { driverConformance } from '../../../testing/driver/index.js';
import { Broker } from './kafka.fixture.js';
import type { KafkaDriver } from './kafka-driver.js';
import type { KafkaClientName } from './settings.js';

const MOST_DRIVERS = 250;
/** An instance that is busy for longer counts as dead, and a case in which none dies would see repeats. */
const SESSION_MS = 4_000;

export function kafkaConformance(client: KafkaClientName): void {
  driverConformance({
    sessionMs: SESSION_MS,
    name: `kafka by ${client}`,
    create: async () => {
      const broker = await Broker.open(MOST_DRIVERS, { client, sessionTimeoutMs: SESSION_MS });
      return {
        driver: () => broker.driver(),
        kill: (driver) => Promise.resolve((driver as KafkaDriver).abort()),
        cut: (driver) => Promise.resolve(broker.way(driver as KafkaDriver).cut()),
        close: () => broker.close(),
      };
    },
  });
}
