import { createHash } from 'node:crypto';
import { ProblemError } from '@taskwire/service';
import { SharedLimit, type SharedRedis, type Taken } from '@taskwire/service/redis';
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
 * Limits the guessing of passwords, over all instances where there is a Redis. Past a limit: `rate_limited`, with
 * Retry-After. What strangers use up of an account's attempts keeps nobody out who comes from where it was used before.
 */
export class LoginLimits {
  private readonly addresses: SharedLimit;
  private readonly accounts: SharedLimit;
  private readonly familiar: SharedLimit;

  constructor(
    { perAddress, perAccount }: LoginLimit,
    private readonly isFamiliar: IsFamiliar,
    redis?: SharedRedis,
  ) {
    this.addresses = new SharedLimit('login-address', perAddress, redis);
    this.accounts = new SharedLimit('login-account', perAccount, redis);
    this.familiar = new SharedLimit('login-familiar', perAccount, redis);
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
    const taken = await this.accounts.take(account);
    if (!taken.exceeded) return;
    if (!(await this.isFamiliar(email, network))) throw tooMany(taken, TO_ACCOUNT);
    await demand(this.familiar, `${account} ${network}`, TO_ACCOUNT);
  }

  /** For a password that is asked again of who is signed in: each session apart, so that nobody else uses it up. */
  async takeOf(sessionId: string): Promise<void> {
    await demand(this.accounts, `signed-in ${sessionId}`, TO_ACCOUNT);
  }
}

const TO_ACCOUNT = 'to this account';

async function demand(limit: SharedLimit, key: string, what: string): Promise<void> {
  const taken = await limit.take(key);
  if (taken.exceeded) throw tooMany(taken, what);
}

function tooMany({ resetSeconds }: Taken, what: string): ProblemError {
  return new ProblemError('rate_limited', `too many attempts ${what}: try again in ${resetSeconds} s`, {
    headers: { 'retry-after': String(resetSeconds) },
  });
}
