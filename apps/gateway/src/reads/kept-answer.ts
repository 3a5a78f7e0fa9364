import { z } from 'zod';

/** An answer of a service that may be given again, to its owner only. */
export const KeptAnswer = z.object({
  owner: z.string(),
  /** Of what it shows: a newer one may take its place, an older one never. */
  version: z.int(),
  headers: z.record(z.string(), z.string()),
  body: z.unknown(),
  /** When it has to be read again, in milliseconds since 1970: another process may have kept it. */
  until: z.number(),
});
export type KeptAnswer = z.output<typeof KeptAnswer>;

/** So long it is remembered that older versions are void: longer than a read of one may be under way. */
export const FORGOTTEN_MS = 10_000;
