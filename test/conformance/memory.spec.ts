import { MemoryBroker, MemoryDriver } from '@taskwire/messaging';
import { busConformance, DIRECT_EXCUSES, directStores } from '@taskwire/messaging/testing';

busConformance({
  name: 'memory, without a store',
  create: () => {
    const broker = new MemoryBroker();
    return Promise.resolve({
      driver: () => new MemoryDriver(broker),
      kill: (driver) => Promise.resolve((driver as MemoryDriver).abort()),
      cut: (driver) => Promise.resolve((driver as MemoryDriver).disconnect()),
      close: () => Promise.resolve(),
    });
  },
  stores: directStores,
  excuses: DIRECT_EXCUSES,
});
