import { busConformance, DIRECT_EXCUSES, directStores } from '@taskwire/messaging/testing/bus';
import { outboxStores, postgresTarget } from './targets.js';

busConformance({
  name: 'postgres, groups without a store',
  create: postgresTarget,
  stores: directStores,
  excuses: DIRECT_EXCUSES,
});

busConformance({ name: 'postgres, with the outbox', create: postgresTarget, stores: outboxStores });
