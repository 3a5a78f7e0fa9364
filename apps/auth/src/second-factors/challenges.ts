import { createHash, randomBytes } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { Transaction } from '@taskwire/messaging';
import { ProblemError } from '@taskwire/service';
import type { Account } from '../accounts/account.js';
import { ChallengeStore, type StoredChallenge } from './challenge-store.js';
import { SecondFactorStore } from './second-factor-store.js';

const LIFETIME_MS = 5 * 60_000;
const MOST_ATTEMPTS = 5;

/** What a login with the right password answers where a code is asked for: opaque, short-lived, stored as its hash. */
@Injectable()
export class Challenges {
  constructor(
    @Inject(ChallengeStore) private readonly store: ChallengeStore,
    @Inject(SecondFactorStore) private readonly factors: SecondFactorStore,
  ) {}

  /** Null where the password is enough. */
  async challenge(
    tx: Transaction,
    { id: accountId, passwordHash }: Account,
    now: Date,
  ): Promise<string | null> {
    if (!(await this.factors.isOnIn(tx, accountId))) return null;
    const secret = randomBytes(32).toString('base64url');
    const expiresAt = new Date(now.getTime() + LIFETIME_MS);
    const stored = { hash: digest(secret), passwordDigest: digest(passwordHash), attempts: 0 };
    await this.store.add(tx, { ...stored, accountId, expiresAt });
    return secret;
  }

  /** Counts an attempt; null when there is no such challenge, or one that had all of them or has expired. */
  attempt(tx: Transaction, secret: string, now: Date): Promise<StoredChallenge | null> {
    return this.store.attempt(tx, digest(secret), MOST_ATTEMPTS, now);
  }

  /** Without counting an attempt. */
  find(secret: string, now: Date): Promise<StoredChallenge | null> {
    return this.store.find(digest(secret), now);
  }

  /** Takes a challenge whose code was right; false when it is void by now, for this account as it is. */
  async take(tx: Transaction, { hash, passwordDigest }: StoredChallenge, account: Account): Promise<boolean> {
    if (account.disabledAt !== null || !digest(account.passwordHash).equals(passwordDigest)) return false;
    return this.store.take(tx, hash);
  }
}

export function secondFactorNeeded(challenge: string): ProblemError {
  return new ProblemError(
    'second_factor_needed',
    'send the challenge and a code to /v1/auth/login/second-factor, or ask a passkey by /v1/auth/login/passkey/options',
    {
      challenge,
      headers: { 'cache-control': 'no-store' },
    },
  );
}

function digest(text: string) {
  return createHash('sha256').update(text).digest();
}
