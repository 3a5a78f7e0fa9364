import { busConformance, DIRECT_EXCUSES, directStores } from '@taskwire/messaging/testing/bus';
import { memoryTarget, outboxStores } from './targets.js';

busConformance({
  name: 'memory, groups without a store',
  create: memoryTarget,
  stores: directStores,
  excuses: DIRECT_EXCUSES,
});

busConformance({ name: 'memory, with the outbox', create: memoryTarget, stores: outboxStores });
