import { randomUUID } from 'node:crypto';
import { existsSync, linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { newSealKey, seal, unseal } from '../audit/seal.js';

const FILE = 'second-factors.key';
const KEY_BYTES = 32;

/**
 * Seals TOTP secrets under a key that is not in the database: a file beside the signing keys, which all instances share.
 * It is made when the first secret is; without it nobody's codes can be checked, and recovery codes are the way in.
 */
export class SecretKey {
  private key: Uint8Array | undefined;

  constructor(private readonly folder: string) {}

  /** Bound to its account: sealed for another one, it opens nothing. */
  seal(accountId: string, secret: string): Uint8Array<ArrayBuffer> {
    return seal(this.read(), { accountId, secret });
  }

  unseal(accountId: string, sealed: Uint8Array): string {
    const opened = unseal(this.read(), sealed) as { accountId: string; secret: string };
    if (opened.accountId !== accountId) throw new Error('a second factor was sealed for another account');
    return opened.secret;
  }

  private read(): Uint8Array {
    return (this.key ??= readOrMake(join(this.folder, FILE), this.folder));
  }
}

function readOrMake(file: string, folder: string): Uint8Array {
  if (!existsSync(file)) make(file, folder);
  const key = readFileSync(file);
  if (key.length !== KEY_BYTES) throw new Error(`${file} must hold ${KEY_BYTES} random bytes`);
  return key;
}

// Linked into place when it is whole: of several instances one wins, and all read its key.
function make(file: string, folder: string): void {
  const draft = join(folder, `.${randomUUID()}`);
  writeFileSync(draft, newSealKey(), { mode: 0o600, flag: 'wx' });
  try {
    linkSync(draft, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(draft);
  }
}
