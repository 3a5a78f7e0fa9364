import type { Finding } from '@taskwire/messaging';
import { type CommonConfig, ProblemError } from '@taskwire/service';
import type { Config } from '../config.js';

/** For whom passkeys are made (WebAuthn level 3, 4: Relying Party). */
export interface RelyingParty {
  /** A domain. Passkeys are bound to it for good. */
  readonly id: string;
  /** Of the pages that may ask for them: on the domain, or below it. */
  readonly origins: readonly string[];
}

/** Where none is set in production: pages are then unknown, and a passkey for a wrong domain is of no use. */
export function passkeysOff(): ProblemError {
  return new ProblemError('passkeys_off', 'WEBAUTHN_RP_ID and WEBAUTHN_ORIGINS are not set');
}

/** What an operator may not have meant. */
export function passkeyFindings({ NODE_ENV, WEBAUTHN_RP_ID: domain }: CommonConfig & Config): Finding[] {
  if (NODE_ENV !== 'production' || domain !== undefined) return [];
  return [
    {
      level: 'warning',
      what: 'passkeys are off: no domain is set for them',
      why: 'users have no second factor that a page which looks like ours cannot ask for',
      change: 'set WEBAUTHN_RP_ID and WEBAUTHN_ORIGINS',
    },
  ];
}
