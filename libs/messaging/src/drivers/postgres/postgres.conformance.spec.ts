import { createTestDatabase } from '@taskwire/testing';
import { driverConformance } from '../../../testing/index.js';
import { PostgresDriver } from './postgres-driver.js';
import { terminateConnections } from '../../../testing/postgres/terminate-connections.js';

driverConformance({
  name: 'postgres',
  create: async () => {
    const { url, drop } = await createTestDatabase();
    return {
      driver: () => new PostgresDriver({ url, ttlMs: 1_500, beatMs: 300 }),
      kill: (driver) => Promise.resolve((driver as PostgresDriver).abort()),
      cut: async (driver) => {
        await terminateConnections(url, (driver as PostgresDriver).id);
      },
      close: drop,
    };
  },
});
