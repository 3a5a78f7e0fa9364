import { Controller, Inject, Param } from '@nestjs/common';
import { type Contact, Uuid } from '@taskwire/contracts';
import { InternalRoute, ProblemError } from '@taskwire/service';
import { AccountStore } from './account-store.js';

/** The one way to a personal address: asked when something is sent, so that none is kept elsewhere. */
@Controller()
export class ContactReader {
  constructor(@Inject(AccountStore) private readonly accounts: AccountStore) {}

  @InternalRoute('GET', '/internal/users/:id/contact')
  async contact(@Param('id') id: string): Promise<Contact> {
    const account = Uuid.safeParse(id).success ? await this.accounts.find(id) : null;
    if (account === null) throw new ProblemError('not_found', `there is no account ${id}`);
    const { email, name, timeZone, locale } = account;
    return { userId: account.id, email, name, timeZone, locale };
  }
}
