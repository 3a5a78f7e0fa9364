import { generateSecret, generateURI, verifySync } from 'otplib';

/** As authenticator apps take it for granted (RFC 6238): SHA-1, six digits, 30 s. */
const PERIOD_S = 30;
const ISSUER = 'Taskwire';

export interface TotpSecret {
  readonly secret: string;
  readonly uri: string;
}

export function newTotpSecret(label: string): TotpSecret {
  const secret = generateSecret();
  return { secret, uri: generateURI({ issuer: ISSUER, label, secret }) };
}

/**
 * The time step that a code belongs to: the present one, the one before or the next, as clocks differ. Null when it is of
 * none of them, or of one that is not behind `after`: each step's code counts once (RFC 6238, 5.2).
 */
export function stepOf(secret: string, code: string, after: number, now: Date): number | null {
  if (!/^\d{6}$/.test(code)) return null;
  const epoch = Math.floor(now.getTime() / 1000);
  const result = verifySync({ secret, token: code, epoch, epochTolerance: PERIOD_S });
  return result.valid && 'timeStep' in result && result.timeStep > after ? result.timeStep : null;
}
