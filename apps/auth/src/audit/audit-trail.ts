import { Inject, Injectable } from '@nestjs/common';
import type { Scope } from '@taskwire/contracts';
import type { Transaction } from '@taskwire/messaging';
import { currentTraceId } from '@taskwire/telemetry';
import type { SessionClient } from '../sessions/session.js';
import { AuditStore } from './audit-store.js';
import { seal } from './seal.js';

/** All that is recorded, with its details: ids and codes, nothing personal. */
export type AuditedAction =
  | { readonly action: 'account.registered' }
  | { readonly action: 'role.granted'; readonly details: { readonly role: string } }
  | { readonly action: 'account.disabled' | 'account.enabled' }
  | { readonly action: 'second_factor.enabled' | 'second_factor.disabled' | 'recovery_code.used' }
  | { readonly action: 'recovery_codes.renewed' | 'second_factor.reset' }
  | {
      readonly action: 'passkey.added' | 'passkey.removed' | 'passkey.counter_refused';
      readonly details: { readonly id: string };
    }
  | { readonly action: 'password.changed' }
  | { readonly action: 'password.reset' }
  | { readonly action: 'email.change_requested' }
  | { readonly action: 'email.changed' }
  | { readonly action: 'account.deleted' }
  | { readonly action: 'session.started' }
  | { readonly action: 'session.ended'; readonly details: { readonly reason: EndReason } }
  | { readonly action: 'refresh_token.reused' }
  | {
      readonly action: 'api_token.created';
      readonly details: { readonly id: string; readonly scopes: readonly Scope[] };
    }
  | {
      readonly action: 'api_token.revoked';
      readonly details: { readonly id: string };
    }
  | {
      readonly action: 'webhook.created';
      readonly details: { readonly id: string; readonly at: string };
    };

/** `displaced`: the account had too many. */
export type EndReason =
  | 'logged_out'
  | 'ended_by_owner'
  | 'password_changed'
  | 'password_reset'
  | 'account_disabled'
  | 'second_factor_reset'
  | 'account_deleted'
  | 'token_reused'
  | 'displaced';

export interface Circumstances {
  /** Who did it: the account itself, or null for the platform. */
  readonly actor: string | null;
  /** The account that it concerns. */
  readonly subject: string;
  readonly session: string | null;
  /** From where; unknown of what came over the bus. */
  readonly client?: SessionClient;
}

/** Who did what, when, from where and in which trace; each record in the transaction of what it tells of. */
@Injectable()
export class AuditTrail {
  constructor(@Inject(AuditStore) private readonly store: AuditStore) {}

  /** To be called last in a transaction: from here on, others that record wait for its end. */
  async record(tx: Transaction, audited: AuditedAction, { client, ...who }: Circumstances): Promise<void> {
    const key = client === undefined ? null : await this.store.keyOf(tx, who.subject);
    await this.store.append(tx, {
      ...who,
      action: audited.action,
      details: JSON.stringify('details' in audited ? audited.details : {}),
      traceId: currentTraceId() ?? null,
      sealed: key && client ? seal(key, { address: client.address, userAgent: client.userAgent }) : null,
    });
  }
}
