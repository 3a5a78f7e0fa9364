import { ProblemError } from '@taskwire/service';

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
