import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { calculateJwkThumbprint } from 'jose';
import { loadSigningKeys } from './signing-keys.js';

let folder: string;
beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), 'taskwire keys ')), 'keys');
});
afterEach(() => rmSync(join(folder, '..'), { recursive: true }));

function addKey(name: string, type: 'ed25519' | 'ed448' = 'ed25519'): void {
  const { privateKey } = generateKeyPairSync(type as 'ed25519');
  writeFileSync(join(folder, name), privateKey.export({ type: 'pkcs8', format: 'pem' }));
}

describe('signing keys', () => {
  it('are made when there are none, readable by the owner alone, and kept', () => {
    const { current } = loadSigningKeys(folder);
    const files = readdirSync(folder);
    expect(files).toEqual(['access-tokens-1.pem']);
    expect(statSync(join(folder, 'access-tokens-1.pem')).mode & 0o777).toBe(0o600);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(loadSigningKeys(folder).current.kid).toBe(current.kid);
  });

  it('are named by their thumbprint, and published without the private part', async () => {
    const { kid, publicJwk } = loadSigningKeys(folder).current;
    expect(await calculateJwkThumbprint(publicJwk)).toBe(kid);
    expect(Object.keys(publicJwk).sort()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x']);
  });

  it('sign with the last by name, and publish all', () => {
    const first = loadSigningKeys(folder).current;
    addKey('access-tokens-2.pem');
    const { current, all } = loadSigningKeys(folder);
    expect(all.map((key) => key.kid)).toEqual([first.kid, current.kid]);
    expect(current.kid).not.toBe(first.kid);
  });

  it.each([
    ['is no key', () => writeFileSync(join(folder, 'z.pem'), 'nonsense')],
    ['is of another kind', () => addKey('z.pem', 'ed448')],
  ])('name the file that %s', (_, add) => {
    loadSigningKeys(folder);
    add();
    expect(() => loadSigningKeys(folder)).toThrow(join(folder, 'z.pem'));
  });
});
