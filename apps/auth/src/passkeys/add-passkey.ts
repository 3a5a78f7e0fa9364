import { randomUUID } from 'node:crypto';
import { Controller, Header, Inject, Req } from '@nestjs/common';
import { isoBase64URL } from '@simplewebauthn/server/helpers';
import {
  type AddedPasskey,
  type AddPasskeyBody,
  type BeginPasskeyBody,
  MOST_PASSKEYS,
  type PasskeyOptions,
  passkeyRoutes,
} from '@taskwire/contracts';
import type { OutboxStore } from '@taskwire/outbox';
import { Body, Caller, OUTBOX_STORE, ProblemError, Route } from '@taskwire/service';
import type { z } from 'zod';
import { AccountStore } from '../accounts/account-store.js';
import { AuditTrail } from '../audit/audit-trail.js';
import { AccountEmails } from '../emails/account-emails.js';
import { ConfirmPassword } from '../passwords/confirm-password.js';
import { newRecoveryCodes, recoveryHashOf } from '../second-factors/recovery-code.js';
import { SecondFactorStore } from '../second-factors/second-factor-store.js';
import { passkeyView } from './passkey.js';
import { PasskeyStore } from './passkey-store.js';
import { Passkeys } from './passkeys.js';
import { wrongCredential } from './wrong-credential.js';
import { type ClientRequest, RequestClients } from '../sessions/request-client.js';

@Controller()
export class AddPasskeyHandlers {
  constructor(
    @Inject(RequestClients) private readonly clients: RequestClients,
    @Inject(ConfirmPassword) private readonly password: ConfirmPassword,
    @Inject(AccountStore) private readonly accounts: AccountStore,
    @Inject(Passkeys) private readonly passkeys: Passkeys,
    @Inject(PasskeyStore) private readonly store: PasskeyStore,
    @Inject(SecondFactorStore) private readonly factors: SecondFactorStore,
    @Inject(AccountEmails) private readonly emails: AccountEmails,
    @Inject(AuditTrail) private readonly audit: AuditTrail,
    @Inject(OUTBOX_STORE) private readonly outbox: OutboxStore,
  ) {}

  /** With the password, and a code where there is a second factor: the challenge carries both on to `add`. */
  @Route(passkeyRoutes.begin)
  @Header('cache-control', 'no-store')
  async begin(
    @Body() given: z.output<typeof BeginPasskeyBody>,
    @Caller() { userId, sessionId }: Caller,
    @Req() request: ClientRequest,
  ): Promise<PasskeyOptions> {
    this.passkeys.demandParty();
    const client = this.clients.of(request);
    const account = await this.password.withFactor(
      { accountId: userId, sessionId, client },
      given,
      '/password',
    );
    if ((await this.store.list(userId)).length >= MOST_PASSKEYS) throw tooMany();
    return this.passkeys.creationOptions(account);
  }

  @Route(passkeyRoutes.add)
  @Header('cache-control', 'no-store')
  async add(
    @Body() { name, credential }: z.output<typeof AddPasskeyBody>,
    @Caller() { userId, sessionId, roles }: Caller,
    @Req() request: ClientRequest,
  ): Promise<AddedPasskey> {
    const made = await this.passkeys.made(userId, credential);
    if (made === null) throw wrongCredential();
    const client = this.clients.of(request);
    const now = new Date();
    const passkey = {
      ...{ id: randomUUID(), accountId: userId, name, createdAt: now, lastUsedAt: null },
      ...{ credentialId: isoBase64URL.toBuffer(made.id), publicKey: made.publicKey },
      ...{ counter: made.counter, transports: credential.response.transports },
    };
    return this.outbox.write(
      async (context) => {
        const { tx } = context;
        const account = await this.accounts.findForChange(tx, { id: userId });
        // A disabled one's session is over, though that isn't known everywhere yet.
        if (account === null || account.disabledAt !== null)
          throw new ProblemError('not_found', 'this account is gone');
        if ((await this.store.count(tx, userId)) >= MOST_PASSKEYS) throw tooMany();
        const isFirst = !(await this.factors.isOnIn(tx, userId));
        if (!(await this.store.add(tx, passkey)))
          throw new ProblemError('already_exists', 'this passkey was added before');
        const recoveryCodes = isFirst ? newRecoveryCodes() : [];
        if (isFirst) await this.factors.replaceRecoveryCodes(tx, userId, recoveryCodes.map(recoveryHashOf));
        await this.emails.tell(context, 'passkey_added', account, now);
        const who = { actor: userId, subject: userId, session: sessionId, client };
        await this.audit.record(tx, { action: 'passkey.added', details: { id: passkey.id } }, who);
        return { passkey: passkeyView(passkey), recoveryCodes };
      },
      { identity: { actor: userId, roles, session: sessionId } },
    );
  }
}

function tooMany(): ProblemError {
  return new ProblemError('limit_reached', `an account has ${MOST_PASSKEYS} passkeys at most: remove one`);
}
