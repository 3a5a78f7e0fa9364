import { Controller, Header, Inject, Req } from '@nestjs/common';
import {
  type CreateApiTokenBody,
  type CreatedApiToken,
  MOST_API_TOKENS,
  apiTokenRoutes,
} from '@taskwire/contracts';
import type { OutboxStore } from '@taskwire/outbox';
import { Body, Caller, OUTBOX_STORE, ProblemError, Route } from '@taskwire/service';
import type { z } from 'zod';
import { AccountStore } from '../accounts/account-store.js';
import { AuditTrail } from '../audit/audit-trail.js';
import { AccountEmails } from '../emails/account-emails.js';
import { SecondFactors } from '../second-factors/second-factors.js';
import { type ClientRequest, RequestClients } from '../sessions/request-client.js';
import { apiTokenView, newApiToken } from './api-token.js';
import { ApiTokenStore } from './api-token-store.js';

@Controller()
export class CreateApiTokenHandler {
  constructor(
    @Inject(AccountStore) private readonly accounts: AccountStore,
    @Inject(ApiTokenStore) private readonly store: ApiTokenStore,
    @Inject(RequestClients) private readonly clients: RequestClients,
    @Inject(SecondFactors) private readonly factors: SecondFactors,
    @Inject(AccountEmails) private readonly emails: AccountEmails,
    @Inject(AuditTrail) private readonly audit: AuditTrail,
    @Inject(OUTBOX_STORE) private readonly outbox: OutboxStore,
  ) {}

  @Route(apiTokenRoutes.create)
  @Header('cache-control', 'no-store')
  async create(
    @Body() { code, ...wanted }: z.output<typeof CreateApiTokenBody>,
    @Caller() { userId, sessionId, roles }: Caller,
    @Req() request: ClientRequest,
  ): Promise<CreatedApiToken> {
    const client = this.clients.of(request);
    await this.factors.demand({ accountId: userId, sessionId, client }, code);
    const { secret, stored } = newApiToken({ ...wanted, accountId: userId }, new Date());
    return this.outbox.write(
      async (context) => {
        const { tx } = context;
        const account = await this.accounts.findForChange(tx, { id: userId });
        // A disabled one's session is over, though that isn't known everywhere yet.
        if (account === null || account.disabledAt !== null)
          throw new ProblemError('not_found', 'this account is gone');
        if ((await this.store.count(tx, userId)) >= MOST_API_TOKENS) {
          throw new ProblemError(
            'limit_reached',
            `an account has ${MOST_API_TOKENS} API tokens at most: revoke one`,
          );
        }
        await this.store.add(tx, stored);
        await this.emails.tell(context, 'api_token_created', account, stored.createdAt);
        const { id, scopes } = stored;
        const who = { actor: userId, subject: userId, session: sessionId, client };
        await this.audit.record(tx, { action: 'api_token.created', details: { id, scopes } }, who);
        return { apiToken: apiTokenView(stored), token: secret };
      },
      { identity: { actor: userId, roles, session: sessionId } },
    );
  }
}
