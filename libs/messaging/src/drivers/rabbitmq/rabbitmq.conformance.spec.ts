import { describe } from '@jest/globals';
import { hasRabbitmq } from '@taskwire/testing';
import { driverConformance } from '../../../testing/index.js';
import { Broker } from './rabbitmq.fixture.js';
import type { RabbitmqDriver } from './rabbitmq-driver.js';

(hasRabbitmq() ? describe : describe.skip)('with RabbitMQ (RABBITMQ_URL)', () => {
  driverConformance({
    name: 'rabbitmq',
    create: async () => {
      const broker = await Broker.open();
      return {
        driver: () => broker.driver(),
        kill: (driver) => Promise.resolve((driver as RabbitmqDriver).abort()),
        cut: (driver) => Promise.resolve(broker.cut(driver as RabbitmqDriver)),
        close: () => broker.close(),
      };
    },
    excuses: {
      'reads old messages in a group that was declared from the earliest':
        'a queue has only what came after it was made',
    },
  });
});
