import type { Driver } from '@taskwire/messaging';
import { createOutbox, type Outbox, prismaExecutor } from '@taskwire/outbox';
import type { Logger } from '@taskwire/telemetry';
import type { CommonConfig } from './config.js';
import type { DatabaseDefinition } from './definition.js';
import type { HealthCheck } from './health.js';
import { migrate } from './migrate.js';

export interface Store<Database> {
  readonly client: Database;
  readonly check: HealthCheck;
  /** The inbox, outbox and parked messages in it. Its relay sends over a driver, once it is started. */
  outboxOver(driver: Driver, source: string): Outbox;
  close(): Promise<void>;
}

/** Brings a service's database to this version and opens it. */
export async function openStore<Database>(
  definition: DatabaseDefinition<Database>,
  {
    DATABASE_URL: url = '',
    DATABASE_CONNECTIONS: connections,
    RELAY_LEASE_MS: leaseMs,
    REPLAY_PER_SECOND: replayPerSecond,
  }: CommonConfig,
  log: Logger,
): Promise<Store<Database>> {
  await migrate(url, definition.migrations);
  const { client, pool, close } = definition.open(url, connections);
  return {
    client,
    close,
    check: async () => {
      try {
        await pool.query('select 1');
        return null;
      } catch {
        return 'does not answer: check that PostgreSQL runs and that DATABASE_URL is right';
      }
    },
    outboxOver: (driver, source) =>
      createOutbox({
        executor: prismaExecutor(client, pool),
        ...{ driver, source, listenUrl: url },
        settings: { replayPerSecond },
        log: {
          warn: (message, fields = {}) => log.warn(fields, message),
          error: (message, fields = {}) => log.error(fields, message),
        },
        // In proportion to the defaults: renewed three times in a lease, stopped a sixth of it early.
        relay: { leaseMs, renewMs: Math.floor(leaseMs / 3), marginMs: Math.floor(leaseMs / 6) },
      }),
  };
}
