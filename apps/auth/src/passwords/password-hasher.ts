import { availableParallelism } from 'node:os';
import { randomBytes } from 'node:crypto';
import { hash, parseOptions, verify } from '@node-rs/argon2';
import { ProblemError } from '@taskwire/service';
import { Bounded } from './bounded.js';

/** KiB of memory, passes over it, lanes. */
export interface PasswordCost {
  readonly memoryCost: number;
  readonly timeCost: number;
  readonly parallelism: number;
}

// OWASP's parameters for argon2id, which is the library's default algorithm: 19 MiB, two passes, one lane.
const COST: PasswordCost = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };
// Hashing shares the four threads of libuv with files, DNS and signatures: one stays free.
const AT_ONCE = Math.min(3, availableParallelism());
const WAITING = 100;

/** argon2id on the thread pool, a few at once. Answers `service_unavailable` when too many wait. */
export class PasswordHasher {
  private readonly bounded = new Bounded({ running: AT_ONCE, waiting: WAITING });
  private readonly nobodys = this.hash(randomBytes(32).toString('base64'));

  constructor(private readonly cost: PasswordCost = COST) {}

  hash(password: string): Promise<string> {
    return this.run(() => hash(password, this.cost));
  }

  /** Takes as long without an account (`null`) as with one, so that time doesn't tell who has one. */
  async matches(passwordHash: string | null, password: string): Promise<boolean> {
    const expected = passwordHash ?? (await this.nobodys);
    return (await this.run(() => verify(expected, password))) && passwordHash !== null;
  }

  /** Whether a hash is of less work than new ones are: then its password is to be hashed again when it is known. */
  isOutdated(passwordHash: string): boolean {
    const { memoryCost, timeCost } = parseOptions(passwordHash);
    return memoryCost < this.cost.memoryCost || timeCost < this.cost.timeCost;
  }

  private async run<T>(work: () => Promise<T>): Promise<T> {
    const result = this.bounded.run(work);
    if (result !== null) return result;
    throw new ProblemError('service_unavailable', 'too many sign-ins at once: try again in a few seconds', {
      headers: { 'retry-after': '2' },
    });
  }
}
