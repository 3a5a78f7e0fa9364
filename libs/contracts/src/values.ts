import { z } from 'zod';

export const Uuid = z.uuid();
/** RFC 3339 with an offset; stored and answered in UTC. */
export const Instant = z.iso.datetime({ offset: true }).transform((text) => new Date(text).toISOString());
/** An IANA time zone name, for example `Europe/Berlin`. */
export const TimeZone = z
  .string()
  .max(64)
  .refine(isTimeZone, 'must be an IANA time zone such as Europe/Berlin');

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
