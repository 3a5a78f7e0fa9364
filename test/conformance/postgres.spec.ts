import { PostgresDriver } from '@taskwire/messaging';
import { busConformance, DIRECT_EXCUSES, directStores } from '@taskwire/messaging/testing';
import { createTestDatabase } from '@taskwire/testing';

busConformance({
  name: 'postgres, without a store',
  create: async () => {
    const { url, drop } = await createTestDatabase();
    return {
      driver: () => new PostgresDriver({ url, ttlMs: 1_500, beatMs: 300 }),
      kill: (driver) => Promise.resolve((driver as PostgresDriver).abort()),
      cut: () => Promise.reject(new Error('no case of the bus cuts connections')),
      close: drop,
    };
  },
  stores: directStores,
  excuses: DIRECT_EXCUSES,
});
