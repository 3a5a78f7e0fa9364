import { Controller, Inject, Req } from '@nestjs/common';
import { mailedRoutes, type RequestResetBody } from '@taskwire/contracts';
import type { OutboxStore } from '@taskwire/outbox';
import { Body, OUTBOX_STORE, Route } from '@taskwire/service';
import type { z } from 'zod';
import { AccountStore } from '../accounts/account-store.js';
import { AccountEmails } from '../emails/account-emails.js';
import { LoginLimits } from '../sessions/login-limits.js';
import { type ClientRequest, RequestClients } from '../sessions/request-client.js';

@Controller()
export class RequestResetHandler {
  constructor(
    @Inject(RequestClients) private readonly clients: RequestClients,
    @Inject(LoginLimits) private readonly limits: LoginLimits,
    @Inject(AccountStore) private readonly accounts: AccountStore,
    @Inject(AccountEmails) private readonly emails: AccountEmails,
    @Inject(OUTBOX_STORE) private readonly outbox: OutboxStore,
  ) {}

  /** The same answer and the same work whether or not there is an account. */
  @Route(mailedRoutes.requestReset)
  async request(
    @Body() { email: address }: z.output<typeof RequestResetBody>,
    @Req() request: ClientRequest,
  ): Promise<void> {
    await this.limits.takeFrom(this.clients.of(request));
    const account = await this.accounts.findByEmail(address);
    const accountId = account?.id ?? null;
    await this.outbox.write((context) =>
      this.emails.request(context, { purpose: 'password_reset', address, accountId }, new Date()),
    );
  }
}
