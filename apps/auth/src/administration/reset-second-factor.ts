import { Controller, Inject } from '@nestjs/common';
import { ResetSecondFactor } from '@taskwire/contracts';
import { type CommandOf, HandleCommand, type HandlerContext, Rejection } from '@taskwire/messaging';
import { AccountStore } from '../accounts/account-store.js';
import { AuditTrail } from '../audit/audit-trail.js';
import { AccountEmails } from '../emails/account-emails.js';
import { SecondFactorStore } from '../second-factors/second-factor-store.js';
import { Sessions } from '../sessions/sessions.js';
import { administratorOf } from './administrator.js';

@Controller()
export class ResetSecondFactorHandler {
  constructor(
    @Inject(AccountStore) private readonly accounts: AccountStore,
    @Inject(SecondFactorStore) private readonly factors: SecondFactorStore,
    @Inject(AccountEmails) private readonly emails: AccountEmails,
    @Inject(AuditTrail) private readonly audit: AuditTrail,
    @Inject(Sessions) private readonly sessions: Sessions,
  ) {}

  /** The sessions end, since they may be of who had the password and made the owner ask for this. */
  @HandleCommand(ResetSecondFactor)
  async reset(command: CommandOf<typeof ResetSecondFactor>, context: HandlerContext) {
    const { userId } = command.payload;
    const actor = administratorOf(command);
    // Else a stolen session of an administrator would need no code to remove the factor.
    if (actor === userId)
      throw new Rejection('forbidden', 'an administrator cannot reset its own second factor');
    const account = await this.accounts.findForChange(context.tx, { id: userId });
    if (account === null) throw new Rejection('not_found');

    if (await this.factors.isOnIn(context.tx, userId)) {
      const now = new Date();
      await this.factors.removeAll(context.tx, userId);
      await this.emails.tell(context, 'second_factor_reset', account, now);
      await this.sessions.endOthers(userId, null, 'second_factor_reset', context, now, actor);
      const who = { actor, subject: userId, session: command.session };
      await this.audit.record(context.tx, { action: 'second_factor.reset' }, who);
    }
    return { userId };
  }
}
