import { Controller, Header, Inject, Req } from '@nestjs/common';
import { type RecoveryCodes, type SecondFactorCodeBody, secondFactorRoutes } from '@taskwire/contracts';
import type { OutboxStore } from '@taskwire/outbox';
import { Body, Caller, OUTBOX_STORE, ProblemError, Route } from '@taskwire/service';
import type { z } from 'zod';
import { AccountStore } from '../accounts/account-store.js';
import { AuditTrail } from '../audit/audit-trail.js';
import { AccountEmails } from '../emails/account-emails.js';
import { newRecoveryCodes, recoveryHashOf } from './recovery-code.js';
import { SecondFactorStore } from './second-factor-store.js';
import { SecondFactors } from './second-factors.js';
import { type ClientRequest, RequestClients } from '../sessions/request-client.js';

@Controller()
export class RenewRecoveryCodesHandler {
  constructor(
    @Inject(RequestClients) private readonly clients: RequestClients,
    @Inject(AccountStore) private readonly accounts: AccountStore,
    @Inject(SecondFactorStore) private readonly store: SecondFactorStore,
    @Inject(SecondFactors) private readonly factors: SecondFactors,
    @Inject(AccountEmails) private readonly emails: AccountEmails,
    @Inject(AuditTrail) private readonly audit: AuditTrail,
    @Inject(OUTBOX_STORE) private readonly outbox: OutboxStore,
  ) {}

  @Route(secondFactorRoutes.renewRecoveryCodes)
  @Header('cache-control', 'no-store')
  async renew(
    @Body() { code }: z.output<typeof SecondFactorCodeBody>,
    @Caller() { userId, sessionId, roles }: Caller,
    @Req() request: ClientRequest,
  ): Promise<RecoveryCodes> {
    const client = this.clients.of(request);
    await this.factors.demand({ accountId: userId, sessionId, client }, code);
    const recoveryCodes = newRecoveryCodes();
    await this.outbox.write(
      async (context) => {
        const { tx } = context;
        // Locked, so that of two requests at once only the codes of one count.
        const account = await this.accounts.findForChange(tx, { id: userId });
        if (account === null || !(await this.store.isOnIn(tx, userId)))
          throw new ProblemError('not_found', 'there is no second factor');
        await this.store.replaceRecoveryCodes(tx, userId, recoveryCodes.map(recoveryHashOf));
        await this.emails.tell(context, 'recovery_codes_renewed', account, new Date());
        const who = { actor: userId, subject: userId, session: sessionId, client };
        await this.audit.record(tx, { action: 'recovery_codes.renewed' }, who);
      },
      { identity: { actor: userId, roles, session: sessionId } },
    );
    return { recoveryCodes };
  }
}
