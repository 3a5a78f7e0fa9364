import { Controller, Inject, Req } from '@nestjs/common';
import { type SecondFactorCodeBody, secondFactorRoutes } from '@taskwire/contracts';
import type { OutboxStore } from '@taskwire/outbox';
import { Body, Caller, OUTBOX_STORE, ProblemError, Route } from '@taskwire/service';
import type { z } from 'zod';
import { AccountStore } from '../accounts/account-store.js';
import { AuditTrail } from '../audit/audit-trail.js';
import { AccountEmails } from '../emails/account-emails.js';
import { SecondFactorStore } from './second-factor-store.js';
import { SecondFactors } from './second-factors.js';
import { type ClientRequest, RequestClients } from '../sessions/request-client.js';

@Controller()
export class DisableSecondFactorHandler {
  constructor(
    @Inject(RequestClients) private readonly clients: RequestClients,
    @Inject(AccountStore) private readonly accounts: AccountStore,
    @Inject(SecondFactorStore) private readonly store: SecondFactorStore,
    @Inject(SecondFactors) private readonly factors: SecondFactors,
    @Inject(AccountEmails) private readonly emails: AccountEmails,
    @Inject(AuditTrail) private readonly audit: AuditTrail,
    @Inject(OUTBOX_STORE) private readonly outbox: OutboxStore,
  ) {}

  @Route(secondFactorRoutes.disable)
  async disable(
    @Body() { code }: z.output<typeof SecondFactorCodeBody>,
    @Caller() { userId, sessionId, roles }: Caller,
    @Req() request: ClientRequest,
  ): Promise<void> {
    const client = this.clients.of(request);
    await this.factors.demand({ accountId: userId, sessionId, client }, code);
    await this.outbox.write(
      async (context) => {
        const { tx } = context;
        const account = await this.accounts.findForChange(tx, { id: userId });
        const factor = await this.store.findForChange(tx, userId);
        if (account === null || factor === null || factor.confirmedAt === null)
          throw new ProblemError('not_found', 'there is no second factor');
        await this.store.removeApp(tx, userId);
        await this.emails.tell(context, 'second_factor_removed', account, new Date());
        const who = { actor: userId, subject: userId, session: sessionId, client };
        await this.audit.record(tx, { action: 'second_factor.disabled' }, who);
      },
      { identity: { actor: userId, roles, session: sessionId } },
    );
  }
}
