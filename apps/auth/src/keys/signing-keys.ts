import {
  type KeyObject,
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  randomUUID,
} from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { JWK } from 'jose';

export const ALGORITHM = 'EdDSA';
export const SIGNING_KEYS = Symbol('SigningKeys');
const FIRST_KEY = 'access-tokens-1.pem';

export interface SigningKey {
  readonly kid: string;
  readonly privateKey: KeyObject;
  readonly publicJwk: JWK;
}

/** Every key is published; `current` signs. */
export interface SigningKeys {
  readonly current: SigningKey;
  readonly all: readonly SigningKey[];
}

/**
 * Reads the Ed25519 keys (PKCS #8, `*.pem`) of a folder; the last by name signs. To rotate, add a file with a later name,
 * restart, and remove the old one when its tokens have expired. Makes the first key where there is none.
 */
export function loadSigningKeys(folder: string): SigningKeys {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (keyFiles(folder).length === 0) createFirstKey(folder);

  const all = keyFiles(folder).map((file) => readKey(join(folder, file)));
  const current = all.at(-1);
  if (current === undefined)
    throw new Error(`no signing key in ${folder}, although one was made: check KEYS_DIR`);
  return { current, all };
}

function keyFiles(folder: string): string[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.pem'))
    .sort();
}

// Linked into place when it is whole: of several instances that start at once, one wins, and all read its key.
function createFirstKey(folder: string): void {
  const { privateKey } = generateKeyPairSync('ed25519');
  const draft = join(folder, `.${randomUUID()}`);
  writeFileSync(draft, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600, flag: 'wx' });
  try {
    linkSync(draft, join(folder, FIRST_KEY));
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  } finally {
    rmSync(draft);
  }
}

function readKey(file: string): SigningKey {
  const privateKey = parseKey(file);
  const { crv, kty, x } = createPublicKey(privateKey).export({ format: 'jwk' });
  // RFC 7638: the digest of the required members, in this order.
  const kid = createHash('sha256').update(JSON.stringify({ crv, kty, x })).digest('base64url');
  return {
    kid,
    privateKey,
    publicJwk: { kty: 'OKP', crv: 'Ed25519', x: x ?? '', kid, alg: ALGORITHM, use: 'sig' },
  };
}

function parseKey(file: string): KeyObject {
  try {
    const key = createPrivateKey(readFileSync(file));
    if (key.asymmetricKeyType === 'ed25519') return key;
  } catch (cause) {
    throw new Error(`${file} can't be read as a private key: it must be Ed25519 in PKCS #8 PEM`, { cause });
  }
  throw new Error(`${file} is not an Ed25519 key: make one with "openssl genpkey -algorithm ed25519"`);
}
