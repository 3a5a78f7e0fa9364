import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

const NONCE = 12;
const TAG = 16;
type Bytes = Uint8Array<ArrayBuffer>;

/** For AES-256. */
export function newSealKey(): Bytes {
  return new Uint8Array(randomBytes(32));
}

/** AES-256-GCM: nonce, ciphertext, tag. */
export function seal(key: Uint8Array, value: object): Bytes {
  const nonce = randomBytes(NONCE);
  const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG });
  const text = Buffer.concat([cipher.update(JSON.stringify(value)), cipher.final()]);
  return new Uint8Array(Buffer.concat([nonce, text, cipher.getAuthTag()]));
}

/** Throws when it was sealed with another key, or changed. */
export function unseal(key: Uint8Array, sealed: Uint8Array): unknown {
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, NONCE), { authTagLength: TAG });
  decipher.setAuthTag(sealed.subarray(-TAG));
  const text = Buffer.concat([decipher.update(sealed.subarray(NONCE, -TAG)), decipher.final()]);
  return JSON.parse(text.toString());
}
