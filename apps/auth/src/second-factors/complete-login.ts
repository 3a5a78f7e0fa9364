import { Inject, Injectable } from '@nestjs/common';
import type { SignedIn } from '@taskwire/contracts';
import type { OutboxStore } from '@taskwire/outbox';
import { OUTBOX_STORE, ProblemError } from '@taskwire/service';
import { AccountStore } from '../accounts/account-store.js';
import { userView } from '../accounts/account.js';
import type { SessionClient } from '../sessions/session.js';
import { Sessions } from '../sessions/sessions.js';
import type { StoredChallenge } from './challenge-store.js';
import { Challenges } from './challenges.js';

/** The end of a login whose second factor was right. */
@Injectable()
export class CompleteLogin {
  constructor(
    @Inject(AccountStore) private readonly accounts: AccountStore,
    @Inject(Challenges) private readonly challenges: Challenges,
    @Inject(Sessions) private readonly sessions: Sessions,
    @Inject(OUTBOX_STORE) private readonly outbox: OutboxStore,
  ) {}

  /** Throws `invalid_second_factor` where the challenge is void by now. */
  async complete(challenge: StoredChallenge, { address, userAgent }: SessionClient): Promise<SignedIn> {
    const identity = { actor: challenge.accountId, roles: [], session: null };
    return this.outbox.write(
      async (context) => {
        const account = await this.accounts.findForChange(context.tx, { id: challenge.accountId });
        if (account === null || !(await this.challenges.take(context.tx, challenge, account)))
          throw invalidSecondFactor();
        const tokens = await this.sessions.start(account, { address, userAgent }, context, new Date());
        return { user: userView(account), ...tokens };
      },
      { identity },
    );
  }
}

export function invalidSecondFactor(): ProblemError {
  return new ProblemError('invalid_second_factor');
}
