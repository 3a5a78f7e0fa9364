import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { UserRegistered } from '@taskwire/contracts';
import type { OutboxStore } from '@taskwire/outbox';
import { LOGGER, OUTBOX_STORE } from '@taskwire/service';
import type { Logger } from '@taskwire/telemetry';
import { PasswordHasher } from '../passwords/password-hasher.js';
import { AuditTrail } from '../audit/audit-trail.js';
import { AccountStore } from './account-store.js';
import { newAccount } from './account.js';

export const FIRST_ADMIN = Symbol('FirstAdmin');

export interface FirstAdminSettings {
  readonly email: string;
  readonly password: string;
}

/** Makes the account that the settings name, once: later its password and roles are its owner's affair. */
@Injectable()
export class FirstAdmin implements OnApplicationBootstrap {
  constructor(
    @Inject(FIRST_ADMIN) private readonly settings: FirstAdminSettings | null,
    @Inject(AccountStore) private readonly accounts: AccountStore,
    @Inject(PasswordHasher) private readonly passwords: PasswordHasher,
    @Inject(AuditTrail) private readonly audit: AuditTrail,
    @Inject(OUTBOX_STORE) private readonly outbox: OutboxStore,
    @Inject(LOGGER) private readonly log: Logger,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    if (this.settings === null || (await this.accounts.findByEmail(this.settings.email)) !== null) return;

    const passwordHash = await this.passwords.hash(this.settings.password);
    const now = new Date();
    const profile = { email: this.settings.email, name: 'Administrator', timeZone: 'UTC', locale: 'en-GB' };
    const account = newAccount({ ...profile, passwordHash, roles: ['user', 'admin', 'operator'] }, now);
    await this.outbox.write(async ({ tx, publish }) => {
      // Another instance may have been faster.
      if (!(await this.accounts.add(tx, account))) return;
      await this.audit.record(
        tx,
        { action: 'account.registered' },
        { actor: null, subject: account.id, session: null },
      );
      publish(UserRegistered, { userId: account.id, timeZone: account.timeZone, at: now.toISOString() });
      this.log.info({ userId: account.id }, 'made the first administrator');
    });
  }
}
