import { createHash } from 'node:crypto';
import { ProblemError } from '@taskwire/service';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import type { RequestClient } from './request-client.js';

export interface LoginLimit {
  /** Logins a minute from one address. */
  readonly perAddress: number;
  /** Logins a minute to one account, whether or not it exists; as many again from each network that it was used from. */
  readonly perAccount: number;
}

/** Whether the account, if there is one, was signed in to from a network lately. */
export type IsFamiliar = (email: string, network: string) => Promise<boolean>;

/**
 * Limits the guessing of passwords, by each instance for itself. Past a limit: `rate_limited`, with Retry-After. What
 * strangers use up of an account's attempts keeps nobody out who comes from where it was used before.
 */
export class LoginLimits {
  private readonly addresses: RateLimiterMemory;
  private readonly accounts: RateLimiterMemory;
  private readonly familiar: RateLimiterMemory;

  constructor(
    { perAddress, perAccount }: LoginLimit,
    private readonly isFamiliar: IsFamiliar,
  ) {
    const duration = 60;
    this.addresses = new RateLimiterMemory({ keyPrefix: 'address', points: perAddress, duration });
    this.accounts = new RateLimiterMemory({ keyPrefix: 'account', points: perAccount, duration });
    this.familiar = new RateLimiterMemory({ keyPrefix: 'familiar', points: perAccount, duration });
  }

  /** For what is asked of no account, or of one that is not to be named. */
  async takeFrom({ network, exempt }: RequestClient): Promise<void> {
    if (!exempt) await demand(this.addresses, network, 'from this address');
  }

  // The address first: one that is over its limit can't use up the account's.
  async take({ network, exempt }: RequestClient, email: string): Promise<void> {
    if (exempt) return;
    await demand(this.addresses, network, 'from this address');
    const account = createHash('sha256').update(email).digest('base64');
    const refused = await consume(this.accounts, account);
    if (refused === null) return;
    if (!(await this.isFamiliar(email, network))) throw tooMany(refused, TO_ACCOUNT);
    await demand(this.familiar, `${account} ${network}`, TO_ACCOUNT);
  }

  /** For a password that is asked again of who is signed in: counted apart, so that no stranger uses it up. */
  async takeOf(accountId: string): Promise<void> {
    await demand(this.accounts, `signed-in ${accountId}`, TO_ACCOUNT);
  }
}

const TO_ACCOUNT = 'to this account';

async function demand(limiter: RateLimiterMemory, key: string, what: string): Promise<void> {
  const refused = await consume(limiter, key);
  if (refused !== null) throw tooMany(refused, what);
}

async function consume(limiter: RateLimiterMemory, key: string): Promise<RateLimiterRes | null> {
  try {
    await limiter.consume(key);
    return null;
  } catch (refused) {
    if (refused instanceof RateLimiterRes) return refused;
    throw refused;
  }
}

function tooMany({ msBeforeNext }: RateLimiterRes, what: string): ProblemError {
  const seconds = Math.max(1, Math.ceil(msBeforeNext / 1000));
  return new ProblemError('rate_limited', `too many attempts ${what}: try again in ${seconds} s`, {
    headers: { 'retry-after': String(seconds) },
  });
}
