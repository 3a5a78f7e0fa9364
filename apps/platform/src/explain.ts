import { MigrationError } from '@taskwire/service';
import { StartError } from './start-error.js';

/** One line for what a user can do something about; everything there is for what should not happen. */
export function explain(error: unknown): unknown {
  return error instanceof StartError || error instanceof MigrationError ? error.message : error;
}
