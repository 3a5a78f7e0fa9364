import { Controller, Header, Inject, Req } from '@nestjs/common';
import { type RegisterBody, type SignedIn, UserRegistered, accountRoutes } from '@taskwire/contracts';
import type { OutboxStore } from '@taskwire/outbox';
import { Body, OUTBOX_STORE, ProblemError, Route } from '@taskwire/service';
import type { z } from 'zod';
import { AuditTrail } from '../audit/audit-trail.js';
import { refuseGuessable } from '../passwords/guessable.js';
import { PasswordHasher } from '../passwords/password-hasher.js';
import { type ClientRequest, RequestClients } from '../sessions/request-client.js';
import { Sessions } from '../sessions/sessions.js';
import { AccountStore } from './account-store.js';
import { identityOf, newAccount, userView } from './account.js';

@Controller()
export class RegisterHandler {
  constructor(
    @Inject(AccountStore) private readonly accounts: AccountStore,
    @Inject(PasswordHasher) private readonly passwords: PasswordHasher,
    @Inject(AuditTrail) private readonly audit: AuditTrail,
    @Inject(RequestClients) private readonly clients: RequestClients,
    @Inject(Sessions) private readonly sessions: Sessions,
    @Inject(OUTBOX_STORE) private readonly outbox: OutboxStore,
  ) {}

  @Route(accountRoutes.register)
  @Header('cache-control', 'no-store')
  async register(
    @Body() { password, ...person }: z.output<typeof RegisterBody>,
    @Req() request: ClientRequest,
  ): Promise<SignedIn> {
    refuseGuessable(password, person, '/password');
    if ((await this.accounts.findByEmail(person.email)) !== null) throw new ProblemError('email_taken');

    const passwordHash = await this.passwords.hash(password);
    const now = new Date();
    const account = newAccount({ ...person, passwordHash, roles: ['user'] }, now);
    return this.outbox.write(
      async (context) => {
        if (!(await this.accounts.add(context.tx, account))) throw new ProblemError('email_taken');
        const { id: userId, timeZone } = account;
        context.publish(UserRegistered, { userId, timeZone, at: now.toISOString() });
        const { address, userAgent } = this.clients.of(request);
        const client = { address, userAgent };
        const who = { actor: userId, subject: userId, session: null, client };
        await this.audit.record(context.tx, { action: 'account.registered' }, who);
        const tokens = await this.sessions.start(account, client, context, now);
        return { user: userView(account), ...tokens };
      },
      { identity: identityOf(account) },
    );
  }
}
