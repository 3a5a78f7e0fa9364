import { describe } from '@jest/globals';
import { busConformance, DIRECT_EXCUSES, directStores } from '@taskwire/messaging/testing/bus';
import { hasRabbitmq } from '@taskwire/testing';
import { outboxStores, rabbitmqTarget } from './targets.js';

(hasRabbitmq() ? describe : describe.skip)('with RabbitMQ', () => {
  busConformance({
    name: 'rabbitmq, groups without a store',
    create: rabbitmqTarget,
    stores: directStores,
    excuses: DIRECT_EXCUSES,
  });

  busConformance({ name: 'rabbitmq, with the outbox', create: rabbitmqTarget, stores: outboxStores });
});
