import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { calculateJwkThumbprint } from 'jose';
import { SigningKeys } from './signing-keys.js';

const MINUTE = 60_000;
let folder: string;
let now: number;
let errors: string[];
beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), 'taskwire keys ')), 'keys');
  now = Date.parse('2026-03-01T08:00:00.000Z');
  errors = [];
});
afterEach(() => rmSync(join(folder, '..'), { recursive: true }));

const load = () => {
  const log = { info: () => undefined, error: (_: object, text: string) => errors.push(text) };
  return new SigningKeys(folder, log as unknown as ConstructorParameters<typeof SigningKeys>[1], () => now);
};
const kids = (keys: SigningKeys) => keys.published.map(({ kid }) => kid);

function addKey(name: string, type: 'ed25519' | 'ed448' = 'ed25519'): void {
  const { privateKey } = generateKeyPairSync(type as 'ed25519');
  writeFileSync(join(folder, name), privateKey.export({ type: 'pkcs8', format: 'pem' }));
}

describe('signing keys', () => {
  it('are made when there are none, readable by the owner alone, and kept', () => {
    const { current } = load();
    const files = readdirSync(folder);
    expect(files).toEqual(['access-tokens-1.pem']);
    expect(statSync(join(folder, 'access-tokens-1.pem')).mode & 0o777).toBe(0o600);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(load().current.kid).toBe(current.kid);
  });

  it('are named by their thumbprint, and published without the private part', async () => {
    const { kid, publicJwk } = load().current;
    expect(await calculateJwkThumbprint(publicJwk)).toBe(kid);
    expect(Object.keys(publicJwk).sort()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x']);
  });

  it('sign with the last by name, and publish all', () => {
    const first = load().current;
    addKey('access-tokens-2.pem');
    const keys = load();
    expect(kids(keys)).toEqual([first.kid, keys.current.kid]);
    expect(keys.current.kid).not.toBe(first.kid);
  });

  it.each([
    ['is no key', () => writeFileSync(join(folder, 'z.pem'), 'nonsense')],
    ['is of another kind', () => addKey('z.pem', 'ed448')],
  ])('name the file that %s', (_, add) => {
    load();
    add();
    expect(load).toThrow(join(folder, 'z.pem'));
  });
});

describe('a rotation', () => {
  it('publishes the next key at once, signs with it later, and removes the old one when its tokens have expired', () => {
    const keys = load();
    const old = keys.current.kid;
    keys.rotate(new Date(now + 6 * MINUTE));
    const [, next = ''] = kids(keys);
    expect([keys.current.kid, kids(keys)]).toEqual([old, [old, next]]);

    now += 6 * MINUTE;
    expect([keys.current.kid, kids(keys)]).toEqual([next, [old, next]]);

    now += 15 * MINUTE;
    expect(kids(keys)).toEqual([next]);
    keys.reload();
    expect(readdirSync(folder)).toEqual(['access-tokens-20260301T080600Z.pem']);
    expect(load().current.kid).toBe(next);
  });

  it('is known to other instances before it counts, and is made once', () => {
    const [one, other] = [load(), load()];
    one.rotate(new Date(now + MINUTE));
    other.reload();
    other.rotate(new Date(now + 2 * MINUTE));

    expect(kids(other)).toEqual(kids(one));
    now += MINUTE;
    expect(other.current.kid).toBe(one.current.kid);
  });

  it('goes on with the keys of before when the folder cannot be read', () => {
    const keys = load();
    const { kid } = keys.current;
    writeFileSync(join(folder, 'z.pem'), 'half a key');
    keys.reload();

    expect(keys.current.kid).toBe(kid);
    expect(errors).toHaveLength(1);
    expect(() => keys.rotate(new Date(now + MINUTE))).toThrow(join(folder, 'z.pem'));
  });
});
