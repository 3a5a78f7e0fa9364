import { uuidv7 } from '@taskwire/messaging';
import { ProblemError } from '@taskwire/service';
import { timeOfUuidV7 } from './uuid.js';

const VISIBLE_ASCII = /^[\x21-\x7e]{1,255}$/;
const QUOTED = /^"(.*)"$/;

/**
 * The key of a write: the client's own, with or without the quotes of a structured field, or one made here. A client
 * that repeats a request with a made key must have got it from an earlier answer.
 */
export function idempotencyKey(header: string | undefined): string {
  if (header === undefined) return uuidv7();
  const key = QUOTED.exec(header)?.[1] ?? header;
  if (VISIBLE_ASCII.test(key)) return key;
  throw new ProblemError(
    'bad_request',
    'Idempotency-Key must be 1 to 255 visible ASCII characters, for example a UUID',
  );
}

/** When the request was first sent: the time in a UUIDv7 key, else now. Repeats past the inbox's memory are refused by it. */
export function firstSentAt(key: string, now: Date): Date {
  const made = timeOfUuidV7(key);
  return made !== undefined && made < now ? made : now;
}
