import { randomUUID } from 'node:crypto';

/** A UUID of version 7 (RFC 9562): random, and growing with time, so that it indexes well. */
export function uuidv7(now = Date.now()): string {
  const time = now.toString(16).padStart(12, '0');
  // Version 4 differs in its first 52 bits only, and Node draws its random bytes for many at once.
  return `${time.slice(0, 8)}-${time.slice(8)}-7${randomUUID().slice(15)}`;
}
