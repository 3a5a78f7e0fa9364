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
const FIRST_KEY = 'access-tokens-1.pem';

export interface SigningKey {
  readonly file: string;
  readonly kid: string;
  readonly privateKey: KeyObject;
  readonly publicJwk: JWK;
  /** As its name says, in milliseconds since 1970; 0 when it says nothing. */
  readonly signsFrom: number;
}

/** The names of the keys in a folder, which is made where it is missing; each stands behind those that sign before it. */
export function keyFiles(folder: string): string[] {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return readdirSync(folder)
    .filter((file) => file.endsWith('.pem'))
    .sort();
}

/** Of several instances that make the first key at once, one wins, and all read its key. */
export function createFirstKey(folder: string): void {
  createKey(folder, FIRST_KEY);
}

export function createKeyFor(folder: string, signsFrom: Date): void {
  const time = signsFrom.toISOString().replaceAll(/[-:]|\.\d+/g, '');
  createKey(folder, `access-tokens-${time}.pem`);
}

export function removeKey(folder: string, { file }: SigningKey): void {
  rmSync(join(folder, file), { force: true });
}

// Linked into place when it is whole: nobody reads half a key.
function createKey(folder: string, name: string): void {
  const { privateKey } = generateKeyPairSync('ed25519');
  const draft = join(folder, `.${randomUUID()}`);
  writeFileSync(draft, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600, flag: 'wx' });
  try {
    linkSync(draft, join(folder, name));
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  } finally {
    rmSync(draft);
  }
}

export function readKey(folder: string, file: string): SigningKey {
  const privateKey = parseKey(join(folder, file));
  const { crv, kty, x } = createPublicKey(privateKey).export({ format: 'jwk' });
  // RFC 7638: the digest of the required members, in this order.
  const kid = createHash('sha256').update(JSON.stringify({ crv, kty, x })).digest('base64url');
  const publicJwk = { kty: 'OKP', crv: 'Ed25519', x: x ?? '', kid, alg: ALGORITHM, use: 'sig' };
  return { file, kid, privateKey, publicJwk, signsFrom: timeIn(file) };
}

function timeIn(file: string): number {
  const [, ...parts] = /(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z\.pem$/.exec(file) ?? [];
  const [year, month, day, hours, minutes, seconds] = parts;
  return parts.length === 0 ? 0 : Date.parse(`${year}-${month}-${day}T${hours}:${minutes}:${seconds}Z`);
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
