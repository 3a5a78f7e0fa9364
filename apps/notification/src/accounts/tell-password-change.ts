import { Controller, Inject } from '@nestjs/common';
import { PasswordChanged } from '@taskwire/contracts';
import { type EventOf, type HandlerContext, HandleEvents } from '@taskwire/messaging';
import { newEmail } from '../mail/email.js';
import { EmailStore } from '../mail/email-store.js';
import { ErasedUsers } from './erased-users.js';

/** So that a change which somebody else made doesn't stay unseen. */
@Controller()
export class TellPasswordChangeHandler {
  constructor(
    @Inject(EmailStore) private readonly emails: EmailStore,
    @Inject(ErasedUsers) private readonly erased: ErasedUsers,
  ) {}

  @HandleEvents(PasswordChanged)
  async tell(events: readonly EventOf<typeof PasswordChanged>[], { tx }: HandlerContext): Promise<void> {
    const known = await this.erased.without(tx, events, ({ payload }) => payload.userId);
    const emails = known.map((cause) => {
      const { userId, at } = cause.payload;
      return newEmail(userId, { template: 'password_changed', at }, cause);
    });
    await this.emails.add(tx, emails);
  }
}
