import { Body, Controller, Inject } from '@nestjs/common';
import { GrantRoleBody, type Role } from '@taskwire/contracts';
import type { OutboxStore } from '@taskwire/outbox';
import { InternalRoute, OUTBOX_STORE, ProblemError } from '@taskwire/service';
import { publishUpdate } from './account-events.js';
import { AuditTrail } from '../audit/audit-trail.js';
import { AccountStore } from './account-store.js';
import { grantRole } from './account.js';

@Controller()
export class GrantRoleHandler {
  constructor(
    @Inject(AccountStore) private readonly accounts: AccountStore,
    @Inject(AuditTrail) private readonly audit: AuditTrail,
    @Inject(OUTBOX_STORE) private readonly outbox: OutboxStore,
  ) {}

  @InternalRoute('POST', '/internal/users/roles')
  async grant(@Body() body: unknown): Promise<{ userId: string; roles: readonly Role[] }> {
    const { email, role } = GrantRoleBody.parse(body);
    return this.outbox.write(async ({ tx, publish }) => {
      const before = await this.accounts.findForChange(tx, { email });
      if (before === null) throw new ProblemError('not_found', 'there is no account with this email');
      const account = grantRole(before, role);
      if (account !== before) {
        await this.accounts.save(tx, account);
        await this.audit.record(
          tx,
          { action: 'role.granted', details: { role } },
          { actor: null, subject: account.id, session: null },
        );
        publishUpdate(publish, account);
      }
      return { userId: account.id, roles: account.roles };
    });
  }
}
