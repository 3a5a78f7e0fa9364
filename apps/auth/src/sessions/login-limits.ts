import { createHash } from 'node:crypto';
import { ProblemError } from '@taskwire/service';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import type { RequestClient } from './request-client.js';

export interface LoginLimit {
  /** Logins a minute from one address. */
  readonly perAddress: number;
  /** Logins a minute to one account, whether or not it exists. */
  readonly perAccount: number;
}

/** Limits the guessing of passwords, by each instance for itself. Past a limit: `rate_limited`, with Retry-After. */
export class LoginLimits {
  private readonly addresses: RateLimiterMemory;
  private readonly accounts: RateLimiterMemory;

  constructor({ perAddress, perAccount }: LoginLimit) {
    this.addresses = new RateLimiterMemory({ keyPrefix: 'address', points: perAddress, duration: 60 });
    this.accounts = new RateLimiterMemory({ keyPrefix: 'account', points: perAccount, duration: 60 });
  }

  // The address first: one that is over its limit can't use up the account's.
  async take({ network, exempt }: RequestClient, email: string): Promise<void> {
    if (exempt) return;
    await consume(this.addresses, network, 'from this address');
    await consume(this.accounts, createHash('sha256').update(email).digest('base64'), 'to this account');
  }

  /** For a password that is asked again of who is signed in: counted apart, so that no stranger uses it up. */
  async takeOf(accountId: string): Promise<void> {
    await consume(this.accounts, `signed-in ${accountId}`, 'to this account');
  }
}

async function consume(limiter: RateLimiterMemory, key: string, what: string): Promise<void> {
  try {
    await limiter.consume(key);
  } catch (refused) {
    if (!(refused instanceof RateLimiterRes)) throw refused;
    const seconds = Math.max(1, Math.ceil(refused.msBeforeNext / 1000));
    throw new ProblemError('rate_limited', `too many attempts ${what}: try again in ${seconds} s`, {
      headers: { 'retry-after': String(seconds) },
    });
  }
}
