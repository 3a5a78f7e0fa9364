import { Controller, Inject } from '@nestjs/common';
import { UpdateProfile } from '@taskwire/contracts';
import { type CommandOf, HandleCommand, type HandlerContext, Rejection } from '@taskwire/messaging';
import { AccountStore } from './account-store.js';
import { changeProfile } from './account.js';
import { publishUpdate } from './account-events.js';

type Command = CommandOf<typeof UpdateProfile>;

@Controller()
export class UpdateProfileHandler {
  constructor(@Inject(AccountStore) private readonly accounts: AccountStore) {}

  @HandleCommand(UpdateProfile)
  async update({ actor, payload }: Command, { tx, publish }: HandlerContext) {
    const { userId, version, changes } = payload;
    if (actor !== userId) throw new Rejection('forbidden');
    const before = await this.accounts.findForChange(tx, { id: userId });
    if (before === null) throw new Rejection('not_found');
    if (version !== null && version !== before.version) {
      throw new Rejection('version_conflict', `the current version is ${before.version}`);
    }

    const account = changeProfile(before, changes);
    if (account !== before) {
      await this.accounts.save(tx, account);
      publishUpdate(publish, account);
    }
    return { userId, version: account.version };
  }
}
