import { randomUUID } from 'node:crypto';
import { Scope } from './scope.ts';
import {
  brokerSettings,
  brokerVersion,
  type BusName,
  type Postgres,
  startBroker,
  startPostgres,
  temporaryFolder,
} from './servers.ts';

/** The servers that a program over one bus needs. */
export interface BusRig {
  readonly scope: Scope;
  readonly folder: string;
  readonly postgres: Postgres;
  /** Settings that name the bus, with names of their own on the broker. */
  readonly env: NodeJS.ProcessEnv;
  readonly servers: readonly string[];
}

/** Starts the servers of a bus for `work`, and ends them and all that was started beside them. */
export async function withBus<T>(bus: BusName, work: (rig: BusRig) => Promise<T>): Promise<T> {
  const scope = new Scope();
  try {
    const folder = await temporaryFolder(scope);
    const postgres = await startPostgres(scope, folder);
    const common = { NODE_ENV: 'production', LOG_LEVEL: 'warn', BUS: bus };
    if (bus === 'postgres') {
      const env = { ...common, BUS_DATABASE_URL: postgres.url('bench_bus') };
      return await work({ scope, folder, postgres, env, servers: [postgres.version] });
    }
    const address = await startBroker(scope, folder, bus);
    const servers = [await brokerVersion(bus, address), postgres.version];
    const env = {
      ...common,
      ...brokerSettings(bus, address),
      BUS_PREFIX: `bench-${randomUUID().slice(0, 8)}.`,
    };
    return await work({ scope, folder, postgres, env, servers });
  } finally {
    await scope.close();
  }
}
