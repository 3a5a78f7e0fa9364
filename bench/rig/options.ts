import type { BusName } from './servers.ts';

export interface BenchOptions {
  /** Fewer and shorter rounds: to see that it works, not to quote. */
  readonly short: boolean;
  readonly buses: readonly BusName[];
  /** Of the bench of live connections; undefined: its own number. */
  readonly connections: number | undefined;
  /** Options of node for the programs under test. */
  readonly node: readonly string[];
}
