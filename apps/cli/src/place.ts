import { addressOf, type AppName, ConfigError, filesOf, readPlace } from '@taskwire/service/settings';
import { CliError } from './cli-error.js';

export interface PlatformPlace {
  urlOf(name: AppName): string;
  readonly tokenFile: string;
}

/** Where `npm start` has put the platform, by the variables that it takes: what is not said explicitly. */
export function platformPlace(env: NodeJS.ProcessEnv): PlatformPlace {
  try {
    const place = readPlace(env);
    return { urlOf: (name) => addressOf(name, place), tokenFile: filesOf(place).internalToken };
  } catch (error) {
    if (error instanceof ConfigError) throw new CliError(error.message, { cause: error });
    throw error;
  }
}
