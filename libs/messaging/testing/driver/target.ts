import type { Driver } from '../../src/index.js';

/** A broker under test. */
export interface DriverTarget {
  /** A new instance, like that of a new process. */
  driver(): Driver;
  /** Ends an instance as SIGKILL would: nothing more is acknowledged or handed over. */
  kill(driver: Driver): Promise<void>;
  /** Cuts the connections of an instance, which lives on. */
  cut(driver: Driver): Promise<void>;
  close(): Promise<void>;
}

export interface DriverUnderTest {
  readonly name: string;
  /** Called once; the cases use names of their own. */
  create(): Promise<DriverTarget>;
  /** Cases that the driver can't pass, by their names, and why. */
  readonly excuses?: Readonly<Record<string, string>>;
  /** After this long without a sign of life of an instance others take its partitions. Default 1,000. */
  readonly sessionMs?: number;
  /** Limit of one wait. Default 10,000. */
  readonly patienceMs?: number;
}
