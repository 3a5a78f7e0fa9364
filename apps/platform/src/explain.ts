import { ConfigError, MigrationError, StartRefused } from '@taskwire/service';
import { StartError } from './start-error.js';

const expected = [StartError, MigrationError, ConfigError, StartRefused];

/** One line for what a user can do something about; everything there is for what should not happen. */
export function explain(error: unknown): unknown {
  return expected.some((kind) => error instanceof kind) ? (error as Error).message : error;
}
