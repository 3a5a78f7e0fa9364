import { Inject, Injectable } from '@nestjs/common';
import { ProblemError } from '@taskwire/service';
import { AccountStore } from '../accounts/account-store.js';
import type { Account } from '../accounts/account.js';
import { LoginLimits } from '../sessions/login-limits.js';
import { type Asker, SecondFactors } from '../second-factors/second-factors.js';
import { PasswordHasher } from './password-hasher.js';

type SignedInAsker = Asker & { readonly sessionId: string };

/** Asks who is signed in for the password again, before what can't be undone. */
@Injectable()
export class ConfirmPassword {
  constructor(
    @Inject(LoginLimits) private readonly limits: LoginLimits,
    @Inject(AccountStore) private readonly accounts: AccountStore,
    @Inject(PasswordHasher) private readonly passwords: PasswordHasher,
    @Inject(SecondFactors) private readonly factors: SecondFactors,
  ) {}

  /** The account; throws unless the password is its own. `pointer` is where in the body it was given. */
  async of({ accountId, sessionId }: SignedInAsker, password: string, pointer: string): Promise<Account> {
    await this.limits.takeOf(sessionId);
    const account = await this.accounts.find(accountId);
    if (account === null) throw new ProblemError('not_found', 'this account is gone');
    if (!(await this.passwords.matches(account.passwordHash, password))) throw wrongPassword(pointer);
    return account;
  }

  /** As `of`, and throws unless the code is of the account's second factor, where it has one. */
  async withFactor(
    asker: SignedInAsker,
    { password, code }: { readonly password: string; readonly code?: string | undefined },
    pointer: string,
  ): Promise<Account> {
    const account = await this.of(asker, password, pointer);
    await this.factors.demand(asker, code);
    return account;
  }
}

export function wrongPassword(pointer: string): ProblemError {
  const errors = [{ pointer, detail: 'is not the current password' }];
  return new ProblemError('validation_failed', undefined, { errors });
}
