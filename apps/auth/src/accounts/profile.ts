import { Controller, Inject, Res } from '@nestjs/common';
import { type User, accountRoutes } from '@taskwire/contracts';
import { Caller, ProblemError, Route } from '@taskwire/service';
import { AccountStore } from './account-store.js';
import { userView } from './account.js';

interface Reply {
  header(name: string, value: string): unknown;
}

@Controller()
export class ProfileReader {
  constructor(@Inject(AccountStore) private readonly accounts: AccountStore) {}

  @Route(accountRoutes.me)
  async profile(@Caller() { userId }: Caller, @Res({ passthrough: true }) reply: Reply): Promise<User> {
    const account = await this.accounts.find(userId);
    if (account === null) throw new ProblemError('not_found', 'this account is gone');
    reply.header('etag', `"${account.version}"`);
    return userView(account);
  }
}
