import { Controller, Inject } from '@nestjs/common';
import { EnableUser } from '@taskwire/contracts';
import { type CommandOf, HandleCommand, type HandlerContext, Rejection } from '@taskwire/messaging';
import { AccountStore } from '../accounts/account-store.js';
import { AuditTrail } from '../audit/audit-trail.js';
import { administratorOf } from './administrator.js';

@Controller()
export class EnableUserHandler {
  constructor(
    @Inject(AccountStore) private readonly accounts: AccountStore,
    @Inject(AuditTrail) private readonly audit: AuditTrail,
  ) {}

  @HandleCommand(EnableUser)
  async enable(command: CommandOf<typeof EnableUser>, { tx }: HandlerContext) {
    const { userId } = command.payload;
    const actor = administratorOf(command);
    const account = await this.accounts.findForChange(tx, { id: userId });
    if (account === null) throw new Rejection('not_found');

    if (account.disabledAt !== null) {
      await this.accounts.setDisabled(tx, userId, null);
      const who = { actor, subject: userId, session: command.session };
      await this.audit.record(tx, { action: 'account.enabled' }, who);
    }
    return { userId };
  }
}
