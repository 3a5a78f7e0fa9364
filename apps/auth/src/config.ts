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
  });

export type Config = z.output<typeof config>;
