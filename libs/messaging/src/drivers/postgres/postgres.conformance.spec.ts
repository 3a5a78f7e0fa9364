import { createTestDatabase } from '@taskwire/testing';
import { Client } from 'pg';
import { driverConformance } from '../../../testing/driver/index.js';
import { PostgresDriver } from './postgres-driver.js';
import { terminateConnections } from '../../../testing/postgres/terminate-connections.js';

const TTL_MS = 1_500;

driverConformance({
  sessionMs: TTL_MS,
  name: 'postgres',
  create: async () => {
    const { url, drop } = await createTestDatabase();
    const control = new Client({ connectionString: url });
    await control.connect();
    return {
      driver: () => new PostgresDriver({ url, ttlMs: TTL_MS, beatMs: 300 }),
      kill: (driver) => Promise.resolve((driver as PostgresDriver).abort()),
      cut: async (driver) => {
        await terminateConnections(control, (driver as PostgresDriver).id);
      },
      close: async () => {
        await control.end();
        await drop();
      },
    };
  },
});
