import { Controller, Header, Inject, Req } from '@nestjs/common';
import {
  type EnrolledSecondFactor,
  type EnrolSecondFactorBody,
  type RecoveryCodes,
  type SecondFactorCodeBody,
  secondFactorRoutes,
} from '@taskwire/contracts';
import type { OutboxStore } from '@taskwire/outbox';
import { Body, Caller, OUTBOX_STORE, ProblemError, Route } from '@taskwire/service';
import type { z } from 'zod';
import { AccountStore } from '../accounts/account-store.js';
import { AuditTrail } from '../audit/audit-trail.js';
import { AccountEmails } from '../emails/account-emails.js';
import { ConfirmPassword } from '../passwords/confirm-password.js';
import { LoginLimits } from '../sessions/login-limits.js';
import { newRecoveryCodes, recoveryHashOf } from './recovery-code.js';
import { SecondFactorStore } from './second-factor-store.js';
import { SecondFactors, wrongCode } from './second-factors.js';
import { SecretKey } from './secret-key.js';
import { newTotpSecret } from './totp.js';
import { type ClientRequest, RequestClients } from '../sessions/request-client.js';

@Controller()
export class EnrolSecondFactorHandlers {
  constructor(
    @Inject(RequestClients) private readonly clients: RequestClients,
    @Inject(AccountStore) private readonly accounts: AccountStore,
    @Inject(LoginLimits) private readonly limits: LoginLimits,
    @Inject(ConfirmPassword) private readonly password: ConfirmPassword,
    @Inject(SecondFactorStore) private readonly store: SecondFactorStore,
    @Inject(SecondFactors) private readonly factors: SecondFactors,
    @Inject(SecretKey) private readonly key: SecretKey,
    @Inject(AccountEmails) private readonly emails: AccountEmails,
    @Inject(AuditTrail) private readonly audit: AuditTrail,
    @Inject(OUTBOX_STORE) private readonly outbox: OutboxStore,
  ) {}

  /** With the password, and a code where there is a passkey: who found a session open must not lock its owner out. */
  @Route(secondFactorRoutes.enrol)
  @Header('cache-control', 'no-store')
  async enrol(
    @Body() { password, code }: z.output<typeof EnrolSecondFactorBody>,
    @Caller() { userId: accountId, sessionId }: Caller,
    @Req() request: ClientRequest,
  ): Promise<EnrolledSecondFactor> {
    const asker = { accountId, sessionId, client: this.clients.of(request) };
    const account = await this.password.of(asker, password, '/password');
    if ((await this.store.find(accountId))?.confirmedAt) throw alreadyThere();
    await this.factors.demand(asker, code);

    const enrolled = newTotpSecret(account.email);
    const sealed = this.key.seal(accountId, enrolled.secret);
    await this.outbox.write(async ({ tx }) => {
      const present = await this.store.findForChange(tx, accountId);
      if (present !== null && present.confirmedAt !== null) throw alreadyThere();
      const fresh = { confirmedAt: null, lastStep: 0, failures: 0, failedAt: null };
      await this.store.save(tx, { accountId, sealed, ...fresh });
    });
    return enrolled;
  }

  /** The code shows that the app has the secret, before one is asked for at each login. */
  @Route(secondFactorRoutes.confirm)
  @Header('cache-control', 'no-store')
  async confirm(
    @Body() { code }: z.output<typeof SecondFactorCodeBody>,
    @Caller() { userId: accountId, sessionId, roles }: Caller,
    @Req() request: ClientRequest,
  ): Promise<RecoveryCodes> {
    await this.limits.takeOf(sessionId);
    const client = this.clients.of(request);
    return this.outbox.write(
      async (context) => {
        const { tx } = context;
        const now = new Date();
        const account = await this.accounts.findForChange(tx, { id: accountId });
        const factor = await this.store.findForChange(tx, accountId);
        if (account === null || factor === null)
          throw new ProblemError('not_found', 'no second factor was begun to be added');
        if (factor.confirmedAt !== null) throw alreadyThere();
        const lastStep = this.factors.stepOf(factor, code, now);
        if (lastStep === null) throw wrongCode();

        const isFirst = !(await this.store.isOnIn(tx, accountId));
        const recoveryCodes = isFirst ? newRecoveryCodes() : [];
        await this.store.save(tx, { ...factor, confirmedAt: now, lastStep });
        if (isFirst) await this.store.replaceRecoveryCodes(tx, accountId, recoveryCodes.map(recoveryHashOf));
        await this.emails.tell(context, 'second_factor_added', account, now);
        const who = { actor: accountId, subject: accountId, session: sessionId, client };
        await this.audit.record(tx, { action: 'second_factor.enabled' }, who);
        return { recoveryCodes };
      },
      { identity: { actor: accountId, roles, session: sessionId } },
    );
  }
}

function alreadyThere(): ProblemError {
  return new ProblemError('already_exists', 'the account has a second factor: disable it first');
}
