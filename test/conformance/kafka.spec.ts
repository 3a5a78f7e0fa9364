import { describe } from '@jest/globals';
import { busConformance, DIRECT_EXCUSES, directStores } from '@taskwire/messaging/testing/bus';
import { hasKafka } from '@taskwire/testing';
import { kafkaTarget, outboxStores } from './targets.js';

(hasKafka() ? describe : describe.skip)('with Kafka', () => {
  busConformance({
    name: 'kafka by platformatic, groups without a store',
    create: kafkaTarget('platformatic'),
    stores: directStores,
    excuses: DIRECT_EXCUSES,
  });

  for (const client of ['platformatic', 'kafkajs'] as const) {
    busConformance({
      name: `kafka by ${client}, with the outbox`,
      create: kafkaTarget(client),
      stores: outboxStores,
    });
  }
});
