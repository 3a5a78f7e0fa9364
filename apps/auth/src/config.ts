import { z } from 'zod';

export const config = z
  .object({
    /** Ed25519 keys in PEM, shared by all instances; one is made when there is none. */
    KEYS_DIR: z.string().min(1).default('.taskwire/keys'),
    REGISTRATION: z.enum(['open']).default('open'),
    LOGINS_PER_ADDRESS: z.coerce.number().int().positive().default(20),
    LOGINS_PER_ACCOUNT: z.coerce.number().int().positive().default(10),
    ADMIN_EMAIL: z.string().min(1).optional(),
    ADMIN_PASSWORD_FILE: z.string().min(1).optional(),
  })
  .refine(
    (settings) => (settings.ADMIN_EMAIL === undefined) === (settings.ADMIN_PASSWORD_FILE === undefined),
    {
      path: ['ADMIN_PASSWORD_FILE'],
      message: 'ADMIN_EMAIL and ADMIN_PASSWORD_FILE belong together: set both or neither',
    },
  );

export type Config = z.output<typeof config>;
