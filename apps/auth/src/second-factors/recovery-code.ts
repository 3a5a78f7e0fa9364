import { randomBytes } from 'node:crypto';
import { hashOf } from '../secret-hash.js';

const RECOVERY_CODES = 10;
/** Without letters and digits that look alike; 32 of them, so each is five random bits. */
const LETTERS = 'abcdefghjkmnpqrstuvwxyz023456789';
const LENGTH = 16;

/** Ten of 80 random bits in groups of four, such as `k7qd-2m9x-…`: too many to be guessed from their hashes. */
export function newRecoveryCodes(): string[] {
  return Array.from({ length: RECOVERY_CODES }, newRecoveryCode);
}

function newRecoveryCode(): string {
  const letters = [...randomBytes(LENGTH)].map((byte) => LETTERS[byte % LETTERS.length]).join('');
  return letters.replaceAll(/(.{4})(?=.)/g, '$1-');
}

/** Of a code in any spelling. */
export function recoveryHashOf(code: string): Uint8Array<ArrayBuffer> {
  const letters = code.toLowerCase().replaceAll(/[^a-z\d]/g, '');
  return hashOf(letters);
}
