import { Controller, Inject } from '@nestjs/common';
import { EmailRequested } from '@taskwire/contracts';
import { type EventOf, type HandlerContext, HandleEvents } from '@taskwire/messaging';
import { newEmail } from '../mail/email.js';
import { EmailStore } from '../mail/email-store.js';

@Controller()
export class SendAccountEmailHandler {
  constructor(@Inject(EmailStore) private readonly emails: EmailStore) {}

  /** One for nobody is asked for like any other, and ends here. */
  @HandleEvents(EmailRequested)
  async send(events: readonly EventOf<typeof EmailRequested>[], { tx }: HandlerContext): Promise<void> {
    const emails = events.flatMap((cause) => {
      const { emailId, userId } = cause.payload;
      return userId === null ? [] : [newEmail(userId, { template: 'account', emailId }, cause)];
    });
    await this.emails.add(tx, emails);
  }
}
