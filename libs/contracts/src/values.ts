import { z } from 'zod';

export const Uuid = z.uuid();
const FIRST = Date.parse('0001-01-01T00:00:00.000Z');
const LAST = Date.parse('9999-12-31T23:59:59.999Z');
const IN_UTC = '0001-01-01T00:00:00.000Z'.length;

/** RFC 3339 with an offset; stored and answered in UTC. */
export const Instant = z.iso
  .datetime({ offset: true })
  .refine(isInFourDigits, 'must lie in the years 1 to 9999')
  .transform(inUtc);
/** An IANA time zone name, for example `Europe/Berlin`. */
export const TimeZone = z
  .string()
  .max(64)
  .refine(isTimeZone, 'must be an IANA time zone such as Europe/Berlin')
  .meta({ examples: ['Europe/Berlin'] });

/** A language, perhaps with a region, as a BCP 47 tag. */
export const Locale = z
  .string()
  .max(35)
  .refine(isLocale, 'must be a language tag such as en-GB')
  .meta({ examples: ['en-GB'] });

/** Text that a database keeps as it is: no NUL, no half of a surrogate pair. */
export const Text = z
  .string()
  .refine((text) => !text.includes('\0') && text.isWellFormed(), 'must be well-formed text without NUL');

/** Asking Intl costs some 50 us, and profiles are parsed all the time. */
const COMMON_ZONES = new Set(['UTC', ...Intl.supportedValuesOf('timeZone')]);

function isInFourDigits(text: string): boolean {
  const time = Date.parse(text);
  return !(time < FIRST || time > LAST);
}

/** Most come from our own services, and are so already. */
function inUtc(text: string): string {
  return text.length === IN_UTC && text.endsWith('Z') ? text : new Date(text).toISOString();
}

function isTimeZone(name: string): boolean {
  if (COMMON_ZONES.has(name)) return true;
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

function isLocale(tag: string): boolean {
  try {
    new Intl.Locale(tag);
    return true;
  } catch {
    return false;
  }
}
