import type { Driver } from '@taskwire/messaging';
import { ConfigError, createDriver, readBusConfig } from '@taskwire/service/bus';
import { CliError } from './cli-error.js';

/** Connects, does the work, and leaves the broker again. */
export async function onBroker<T, D extends Driver>(driver: D, work: (driver: D) => Promise<T>): Promise<T> {
  try {
    await driver.connect();
    return await work(driver);
  } catch (error) {
    if (error instanceof CliError) throw error;
    throw new CliError(`${driver.name}: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  } finally {
    await driver.close();
  }
}

/** Of the broker that the environment names, as the services have it; not connected. */
export async function driverOf(env: NodeJS.ProcessEnv): Promise<Driver> {
  try {
    const config = readBusConfig(env);
    if (config.BUS === 'memory')
      throw new CliError('BUS=memory lives in one process: it has no broker to look at');
    if (config.BUS === 'postgres' && config.BUS_DATABASE_URL === undefined) {
      throw new CliError(
        'BUS_DATABASE_URL is needed with BUS=postgres. That of a running "npm start" is postgresql://postgres:<password>@127.0.0.1:' +
          '<port>/taskwire_bus: in TASKWIRE_DATA (default .taskwire), postgres/password has the password, and the fourth line of ' +
          'postgres/data/postmaster.pid the port',
      );
    }
    return await createDriver(config, () => undefined);
  } catch (error) {
    if (error instanceof ConfigError) throw new CliError(error.message, { cause: error });
    throw error;
  }
}
