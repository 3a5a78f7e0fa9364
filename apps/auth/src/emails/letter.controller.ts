import { Controller, Inject, Param } from '@nestjs/common';
import { type AccountLetter, Uuid } from '@taskwire/contracts';
import { InternalRoute, ProblemError } from '@taskwire/service';
import { hasToken, isOpen, newMailedToken } from './account-email.js';
import { AccountEmailStore } from './account-email-store.js';

/** Asked when an email is sent: the only place where a token is told, and only its hash stays here. */
@Controller()
export class LetterController {
  constructor(@Inject(AccountEmailStore) private readonly emails: AccountEmailStore) {}

  @InternalRoute('POST', '/internal/account-emails/:id/letter')
  async letter(@Param('id') id: string): Promise<AccountLetter> {
    const email = Uuid.safeParse(id).success ? await this.emails.find(id) : null;
    if (email === null || email.accountId === null || !isOpen(email, new Date())) throw nothingToSend();
    const { purpose, address, newEmail } = email;
    const expiresAt = email.expiresAt.toISOString();
    if (!hasToken(purpose)) return { purpose, address, newEmail, expiresAt, token: null };
    // Sent again, it has a new token; the one in an earlier copy still works.
    const { token, hash } = newMailedToken();
    if (!(await this.emails.addToken(id, hash))) throw nothingToSend();
    return { purpose, address, newEmail, expiresAt, token };
  }
}

function nothingToSend(): ProblemError {
  return new ProblemError('not_found', 'there is nothing to send');
}
