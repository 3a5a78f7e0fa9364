import { Controller, Inject } from '@nestjs/common';
import { DisableUser } from '@taskwire/contracts';
import { type CommandOf, HandleCommand, type HandlerContext, Rejection } from '@taskwire/messaging';
import { AccountStore } from '../accounts/account-store.js';
import { AuditTrail } from '../audit/audit-trail.js';
import { RevokeApiTokens } from '../api-tokens/revoke-api-tokens.js';
import { Sessions } from '../sessions/sessions.js';
import { administratorOf } from './administrator.js';

@Controller()
export class DisableUserHandler {
  constructor(
    @Inject(AccountStore) private readonly accounts: AccountStore,
    @Inject(AuditTrail) private readonly audit: AuditTrail,
    @Inject(Sessions) private readonly sessions: Sessions,
    @Inject(RevokeApiTokens) private readonly apiTokens: RevokeApiTokens,
  ) {}

  @HandleCommand(DisableUser)
  async disable(command: CommandOf<typeof DisableUser>, context: HandlerContext) {
    const { userId } = command.payload;
    const actor = administratorOf(command);
    // Else the last administrator could lock everybody out.
    if (actor === userId) throw new Rejection('forbidden', 'an administrator cannot disable itself');
    const account = await this.accounts.findForChange(context.tx, { id: userId });
    if (account === null) throw new Rejection('not_found');

    if (account.disabledAt === null) {
      const now = new Date();
      await this.accounts.setDisabled(context.tx, userId, now);
      await this.sessions.endOthers(userId, null, 'account_disabled', context, now, actor);
      await this.apiTokens.revoke({ accountId: userId, actor, session: command.session }, context, now);
      const who = { actor, subject: userId, session: command.session };
      await this.audit.record(context.tx, { action: 'account.disabled' }, who);
    }
    return { userId };
  }
}
