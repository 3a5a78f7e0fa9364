import { Password } from '@taskwire/contracts';
import { z } from 'zod';
import { guessable } from './passwords/guessable.js';

const limit = (standard: number) => z.coerce.number().int().min(1).max(1_000_000_000).default(standard);

/** Settings of auth, beside the common ones; each can stand in a file instead, named by NAME_FILE. */
export const config = z
  .object({
    /** Ed25519 keys in PEM, shared by all instances; one is made when there is none. */
    KEYS_DIR: z.string().default('.taskwire/keys'),
    /**
     * `verified`: an account can be used when the link that was mailed to its address was followed, and nobody learns who has
     * one. `open`: at once. Default: verified in production, else open.
     */
    REGISTRATION: z.enum(['open', 'verified']).optional(),
    /** Logins a minute from one address. */
    RATE_LIMIT_LOGIN_ADDRESS: limit(20),
    /** Logins a minute to one account. */
    RATE_LIMIT_LOGIN_ACCOUNT: limit(10),
    /** Who sends it as X-Rate-Limit-Exempt is not limited: for load tests. */
    RATE_LIMIT_EXEMPT_TOKEN: z.string().min(16).optional(),
    /** The domain that passkeys are made for. Default: localhost, and none in production. */
    WEBAUTHN_RP_ID: z
      .string()
      .regex(/^[a-z\d-]+(\.[a-z\d-]+)*$/, 'must be a domain such as example.org')
      .optional(),
    /** Origins whose pages may ask for passkeys, separated by commas. Default: the gateway's on localhost, and none in production. */
    WEBAUTHN_ORIGINS: z
      .string()
      .transform((text) => text.split(',').flatMap((origin) => origin.trim() || []))
      .pipe(
        z
          .array(z.string().refine(isOrigin, 'must be origins such as https://app.example.org'))
          .min(1, 'must name an origin'),
      )
      .optional(),
    /** An administrator to be made, once. */
    ADMIN_EMAIL: z.string().optional(),
    ADMIN_PASSWORD: Password.refine(
      (password) => guessable(password, { email: '', name: 'Administrator' }) === null,
      'is one of those that are tried first: choose another',
    ).optional(),
  })
  .refine((settings) => (settings.ADMIN_EMAIL === undefined) === (settings.ADMIN_PASSWORD === undefined), {
    path: ['ADMIN_PASSWORD'],
    message: 'belongs together with ADMIN_EMAIL: set both or neither',
    // Beside other faults too: one error lists them all.
    when: () => true,
  })
  .refine(
    ({ WEBAUTHN_RP_ID: domain, WEBAUTHN_ORIGINS: origins }) =>
      domain === undefined || origins === undefined
        ? domain === origins
        : origins.every((origin) => isOnDomain(origin, domain)),
    { path: ['WEBAUTHN_ORIGINS'], message: 'belongs together with WEBAUTHN_RP_ID, and is on that domain' },
  );

function isOrigin(text: string): boolean {
  return URL.canParse(text) && new URL(text).origin === text;
}

/** As browsers demand it (WebAuthn level 3, 5.1.3): the domain itself, or below it. */
function isOnDomain(origin: string, domain: string): boolean {
  return `.${new URL(origin).hostname}`.endsWith(`.${domain}`);
}

export type Config = z.output<typeof config>;
