import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

const NONCE = 12;
const TAG = 16;
type Bytes = Uint8Array<ArrayBuffer>;

/** Encrypts the secrets of webhooks under a key that is made of a setting: AES-256-GCM, for one webhook each. */
export class SecretSeal {
  readonly #key: Uint8Array;

  constructor(setting: string) {
    this.#key = new Uint8Array(hkdfSync('sha256', setting, '', 'taskwire webhook secrets', 32));
  }

  /** Nonce, ciphertext, tag. */
  seal(webhookId: string, secret: string): Bytes {
    const nonce = randomBytes(NONCE);
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonce, { authTagLength: TAG });
    cipher.setAAD(Buffer.from(webhookId));
    const text = Buffer.concat([cipher.update(secret), cipher.final()]);
    return new Uint8Array(Buffer.concat([nonce, text, cipher.getAuthTag()]));
  }

  /** Throws when it was sealed with another key or for another webhook, or changed. */
  unseal(webhookId: string, sealed: Uint8Array): string {
    const decipher = createDecipheriv('aes-256-gcm', this.#key, sealed.subarray(0, NONCE), {
      authTagLength: TAG,
    });
    decipher.setAAD(Buffer.from(webhookId));
    decipher.setAuthTag(sealed.subarray(-TAG));
    return Buffer.concat([decipher.update(sealed.subarray(NONCE, -TAG)), decipher.final()]).toString();
  }
}
