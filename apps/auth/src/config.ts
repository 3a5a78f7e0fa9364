import { z } from 'zod';

/** Settings of auth, beside the common ones; each can stand in a file instead, named by NAME_FILE. */
export const config = z
  .object({
    /** Ed25519 keys in PEM, shared by all instances; one is made when there is none. */
    KEYS_DIR: z.string().min(1).default('.taskwire/keys'),
    REGISTRATION: z.enum(['open']).default('open'),
    /** Logins a minute from one address. */
    RATE_LIMIT_LOGIN_ADDRESS: z.coerce.number().int().positive().default(20),
    /** Logins a minute to one account. */
    RATE_LIMIT_LOGIN_ACCOUNT: z.coerce.number().int().positive().default(10),
    /** Who sends it as X-Rate-Limit-Exempt is not limited: for load tests. */
    RATE_LIMIT_EXEMPT_TOKEN: z.string().min(16).optional(),
    /** An administrator to be made, once. */
    ADMIN_EMAIL: z.string().min(1).optional(),
    ADMIN_PASSWORD: z.string().min(8).optional(),
  })
  .refine((settings) => (settings.ADMIN_EMAIL === undefined) === (settings.ADMIN_PASSWORD === undefined), {
    path: ['ADMIN_PASSWORD'],
    message: 'ADMIN_EMAIL and ADMIN_PASSWORD (or ADMIN_PASSWORD_FILE) belong together: set both or neither',
  });

export type Config = z.output<typeof config>;
