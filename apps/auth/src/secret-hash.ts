import { createHash } from 'node:crypto';

/** What is stored of a secret that is random by itself: one of so many bits needs no slow hash. SHA-256. */
export function hashOf(secret: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(createHash('sha256').update(secret).digest());
}
