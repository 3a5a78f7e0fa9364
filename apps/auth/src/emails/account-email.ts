import { randomBytes, randomUUID } from 'node:crypto';
import type { EmailPurpose } from '@taskwire/contracts';
import { hashOf } from '../secret-hash.js';

type Bytes = Uint8Array<ArrayBuffer>;

/** An email that auth wants sent. What is in it to be confirmed is done once, by who presents one of its tokens. */
export interface AccountEmail {
  readonly id: string;
  readonly purpose: EmailPurpose;
  /** Whom it goes to, in lower case. */
  readonly address: string;
  /** Of a registration, the account's that it makes. Null where nobody has the address: then nothing is sent. */
  readonly accountId: string | null;
  /** Of a change of email: its other email has the same. */
  readonly changeId: string | null;
  readonly newEmail: string | null;
  readonly createdAt: Date;
  readonly expiresAt: Date;
  readonly usedAt: Date | null;
  /** How often a password that it asks for was wrong. */
  readonly attempts: number;
}

export type NewEmail = Pick<AccountEmail, 'purpose' | 'address' | 'accountId'> &
  Partial<Pick<AccountEmail, 'changeId' | 'newEmail'>>;

const HOUR_MS = 60 * 60 * 1000;
const DAY_MS = 24 * HOUR_MS;
const LIFETIME_MS: Readonly<Record<EmailPurpose, number>> = {
  registration: DAY_MS,
  registered: DAY_MS,
  password_reset: HOUR_MS,
  email_change_from: DAY_MS,
  email_change_to: DAY_MS,
  email_taken: DAY_MS,
  second_factor_added: DAY_MS,
  second_factor_removed: DAY_MS,
  second_factor_reset: DAY_MS,
  passkey_added: DAY_MS,
  passkey_removed: DAY_MS,
  recovery_codes_renewed: DAY_MS,
  api_token_created: DAY_MS,
};
/** What tells the owner of a change of the account. */
export const NOTICES = [
  ...(['second_factor_added', 'second_factor_removed', 'second_factor_reset'] as const),
  ...(['passkey_added', 'passkey_removed'] as const),
  ...(['recovery_codes_renewed', 'api_token_created'] as const),
] satisfies readonly EmailPurpose[];
export type Notice = (typeof NOTICES)[number];
const ONLY_TELLS: ReadonlySet<EmailPurpose> = new Set(['registered', 'email_taken', ...NOTICES]);

/** Wrong passwords after which the token of a registration no longer works. */
export const MOST_ATTEMPTS = 5;
/**
 * Emails of one purpose to one address within an hour; further ones are asked for in vain, so that nobody's mailbox is flooded.
 * Each purpose is counted apart: else anybody could keep away the email that the owner waits for by asking for others.
 */
export const MOST_IN_AN_HOUR = 10;
/** More than any delivery makes attempts. */
export const MOST_TOKENS = 20;

export function newAccountEmail(email: NewEmail, now: Date): AccountEmail {
  return {
    changeId: null,
    newEmail: null,
    ...email,
    id: randomUUID(),
    createdAt: now,
    expiresAt: new Date(now.getTime() + LIFETIME_MS[email.purpose]),
    usedAt: null,
    attempts: 0,
  };
}

export function hasToken(purpose: EmailPurpose): boolean {
  return !ONLY_TELLS.has(purpose);
}

export function isOpen({ usedAt, expiresAt, attempts }: AccountEmail, now: Date): boolean {
  return usedAt === null && expiresAt > now && attempts < MOST_ATTEMPTS;
}

/** 256 random bits. Only their hash is stored. */
export function newMailedToken(): { readonly token: string; readonly hash: Bytes } {
  const token = randomBytes(32).toString('base64url');
  return { token, hash: hashOf(token) };
}
