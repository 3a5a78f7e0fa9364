import { Controller, Inject } from '@nestjs/common';
import { type SecondFactorCodeBody, secondFactorRoutes } from '@taskwire/contracts';
import type { OutboxStore } from '@taskwire/outbox';
import { Body, Caller, OUTBOX_STORE, ProblemError, Route } from '@taskwire/service';
import type { z } from 'zod';
import { AuditTrail } from '../audit/audit-trail.js';
import { SecondFactorStore } from './second-factor-store.js';
import { SecondFactors } from './second-factors.js';

@Controller()
export class DisableSecondFactorHandler {
  constructor(
    @Inject(SecondFactorStore) private readonly store: SecondFactorStore,
    @Inject(SecondFactors) private readonly factors: SecondFactors,
    @Inject(AuditTrail) private readonly audit: AuditTrail,
    @Inject(OUTBOX_STORE) private readonly outbox: OutboxStore,
  ) {}

  @Route(secondFactorRoutes.disable)
  async disable(
    @Body() { code }: z.output<typeof SecondFactorCodeBody>,
    @Caller() { userId, sessionId }: Caller,
  ): Promise<void> {
    await this.factors.demand(userId, code);
    await this.outbox.write(async ({ tx }) => {
      if (!(await this.store.isOn(tx, userId)))
        throw new ProblemError('not_found', 'there is no second factor');
      await this.store.remove(tx, userId);
      const who = { actor: userId, subject: userId, session: sessionId };
      await this.audit.record(tx, { action: 'second_factor.disabled' }, who);
    });
  }
}
