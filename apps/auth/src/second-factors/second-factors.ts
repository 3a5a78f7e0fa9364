import { Inject, Injectable } from '@nestjs/common';
import type { OutboxStore } from '@taskwire/outbox';
import { OUTBOX_STORE, ProblemError } from '@taskwire/service';
import { AuditTrail } from '../audit/audit-trail.js';
import { PasskeyChallengeStore } from '../passkeys/passkey-challenge-store.js';
import { waitMs } from './attempts.js';
import { recoveryHashOf } from './recovery-code.js';
import { SecondFactorStore, type StoredFactor } from './second-factor-store.js';
import type { SessionClient } from '../sessions/session.js';
import { SessionStore } from '../sessions/session-store.js';
import { SecretKey } from './secret-key.js';
import { stepOf } from './totp.js';

/** `off`: the account has no second factor. A number: no code is looked at for so many milliseconds. */
type Verdict = 'right' | 'wrong' | 'off' | number;

/** Who sends a code. */
export interface Asker {
  readonly accountId: string;
  /** Null: who signs in. */
  readonly sessionId: string | null;
  readonly client: SessionClient;
}

/** Checks codes of accounts: of an authenticator app, those that passkeys' answers were exchanged for, and recovery codes; each counts once, and wrong ones are counted, whatever becomes of the request. */
@Injectable()
export class SecondFactors {
  constructor(
    @Inject(SecondFactorStore) private readonly store: SecondFactorStore,
    @Inject(SessionStore) private readonly sessions: SessionStore,
    @Inject(PasskeyChallengeStore) private readonly challenges: PasskeyChallengeStore,
    @Inject(SecretKey) private readonly key: SecretKey,
    @Inject(AuditTrail) private readonly audit: AuditTrail,
    @Inject(OUTBOX_STORE) private readonly outbox: OutboxStore,
  ) {}

  /** For what needs a fresh code where there is a second factor. Throws the problem of who has none that counts. */
  async demand(asker: Asker, code: string | undefined): Promise<void> {
    if (!(await this.store.isOn(asker.accountId))) return;
    if (code === undefined) throw new ProblemError('second_factor_needed', 'send a code of it as code');
    if (!(await this.matches(asker, code))) throw wrongCode();
  }

  /** Uses a code up. Throws `rate_limited` after too many wrong ones. */
  async matches(asker: Asker, code: string): Promise<boolean> {
    const verdict = await this.use(asker, code);
    if (typeof verdict !== 'number') return verdict === 'right';
    const seconds = Math.ceil(verdict / 1000);
    throw new ProblemError(
      'rate_limited',
      `too many wrong codes: try again in ${seconds} s, or use a recovery code`,
      { headers: { 'retry-after': String(seconds) } },
    );
  }

  /** The time step of a code, if it is one that counts now. */
  stepOf({ accountId, sealed, lastStep }: StoredFactor, code: string, now: Date): number | null {
    return stepOf(this.key.unseal(accountId, sealed), code, lastStep, now);
  }

  private use({ accountId, sessionId, client }: Asker, code: string): Promise<Verdict> {
    return this.outbox.write(async ({ tx }) => {
      const now = new Date();
      const factor = await this.store.findForChange(tx, accountId);
      if (!(await this.store.isOnIn(tx, accountId))) return 'off';
      if (await this.store.takeRecoveryCode(tx, accountId, recoveryHashOf(code))) {
        const who = { actor: accountId, subject: accountId, session: sessionId, client };
        await this.audit.record(tx, { action: 'recovery_code.used' }, who);
        return 'right';
      }
      if (await this.challenges.take(tx, code, { accountId, purpose: 'code' }, now)) return 'right';
      // Who has passkeys alone: what else counts has too many bits to be guessed.
      if (factor === null || factor.confirmedAt === null) return 'wrong';
      // Each session apart: who has found one open must not keep the owner from signing in.
      const ofSession = sessionId && (await this.sessions.codeFailures(tx, sessionId));
      const { failures } = ofSession || factor;
      const wait = waitMs(ofSession || factor, now);
      if (wait > 0) return wait;

      const step = this.stepOf(factor, code, now);
      const counted =
        step === null ? { failures: failures + 1, failedAt: now } : { failures: 0, failedAt: null };
      const lastStep = step ?? factor.lastStep;
      await this.store.save(tx, { ...factor, lastStep, ...(!ofSession && counted) });
      if (sessionId && ofSession) await this.sessions.saveCodeFailures(tx, sessionId, counted);
      return step === null ? 'wrong' : 'right';
    });
  }
}

export function wrongCode(): ProblemError {
  const errors = [{ pointer: '/code', detail: 'is wrong, or was used before' }];
  return new ProblemError('validation_failed', undefined, { errors });
}
