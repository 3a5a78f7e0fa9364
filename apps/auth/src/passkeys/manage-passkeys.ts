import { Controller, Inject, Req } from '@nestjs/common';
import {
  type Passkey,
  type PasskeyList,
  passkeyRoutes,
  type RemovePasskeyBody,
  type RenamePasskeyBody,
} from '@taskwire/contracts';
import type { OutboxStore } from '@taskwire/outbox';
import { Body, Caller, OUTBOX_STORE, Params, ProblemError, Route } from '@taskwire/service';
import type { z } from 'zod';
import { AccountStore } from '../accounts/account-store.js';
import { AuditTrail } from '../audit/audit-trail.js';
import { AccountEmails } from '../emails/account-emails.js';
import { SecondFactorStore } from '../second-factors/second-factor-store.js';
import { SecondFactors } from '../second-factors/second-factors.js';
import { passkeyView } from './passkey.js';
import { PasskeyStore } from './passkey-store.js';
import { type ClientRequest, RequestClients } from '../sessions/request-client.js';

type WhichOne = z.output<typeof passkeyRoutes.rename.params>;

@Controller()
export class ManagePasskeysHandlers {
  constructor(
    @Inject(RequestClients) private readonly clients: RequestClients,
    @Inject(AccountStore) private readonly accounts: AccountStore,
    @Inject(PasskeyStore) private readonly store: PasskeyStore,
    @Inject(SecondFactorStore) private readonly factorStore: SecondFactorStore,
    @Inject(SecondFactors) private readonly factors: SecondFactors,
    @Inject(AccountEmails) private readonly emails: AccountEmails,
    @Inject(AuditTrail) private readonly audit: AuditTrail,
    @Inject(OUTBOX_STORE) private readonly outbox: OutboxStore,
  ) {}

  @Route(passkeyRoutes.list)
  async list(@Caller() { userId }: Caller): Promise<PasskeyList> {
    return { passkeys: (await this.store.list(userId)).map(passkeyView) };
  }

  @Route(passkeyRoutes.rename)
  async rename(
    @Params() { id }: WhichOne,
    @Body() { name }: z.output<typeof RenamePasskeyBody>,
    @Caller() { userId }: Caller,
  ): Promise<Passkey> {
    const passkey = await this.store.rename(userId, id, name);
    if (passkey === null) throw noSuchPasskey();
    return passkeyView(passkey);
  }

  @Route(passkeyRoutes.remove)
  async remove(
    @Params() { id }: WhichOne,
    @Body() { code }: z.output<typeof RemovePasskeyBody>,
    @Caller() { userId, sessionId, roles }: Caller,
    @Req() request: ClientRequest,
  ): Promise<void> {
    const client = this.clients.of(request);
    await this.factors.demand({ accountId: userId, sessionId, client }, code);
    await this.outbox.write(
      async (context) => {
        const { tx } = context;
        const account = await this.accounts.findForChange(tx, { id: userId });
        if (account === null || !(await this.store.remove(tx, userId, id))) throw noSuchPasskey();
        await this.factorStore.dropUnneededCodes(tx, userId);
        await this.emails.tell(context, 'passkey_removed', account, new Date());
        const who = { actor: userId, subject: userId, session: sessionId, client };
        await this.audit.record(tx, { action: 'passkey.removed', details: { id } }, who);
      },
      { identity: { actor: userId, roles, session: sessionId } },
    );
  }
}

function noSuchPasskey(): ProblemError {
  return new ProblemError('not_found', 'there is no such passkey');
}
