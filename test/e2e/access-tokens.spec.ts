import {
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  randomBytes,
  randomUUID,
  sign,
} from 'node:crypto';
import { readFile, mkdtemp, readdir, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ProblemBody, SigningKeyList, Tokens } from '@taskwire/contracts';
import {
  type CryptoKey,
  type JWK,
  decodeJwt,
  decodeProtectedHeader,
  exportJWK,
  generateKeyPair,
  SignJWT,
} from 'jose';
import { call, type Client, signUp } from './client.js';
import { type Platform, startPlatform } from './platform.js';

/** A read of each service that needs an access token, straight at its port. */
const READS = {
  gateway: '/v1/tasks',
  auth: '/v1/auth/me',
  task: '/v1/tasks',
  notification: '/v1/notifications',
  analytics: '/v1/analytics/me',
} as const;
type Service = keyof typeof READS;
const SERVICES = Object.keys(READS) as Service[];
const INTERNAL_TOKEN = randomBytes(32).toString('hex');

let folder: string;
let platform: Platform;
let ada: Client;
/** The real signing key, as a thief of nothing but the public one doesn't have it. */
let signingKey: KeyObject;
let publicJwk: JWK;
/** Where headers of forged tokens point to; nobody may ask there. */
let lure: Server;
let lured = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'taskwire-keys-'));
  platform = await startPlatform({ env: { KEYS_DIR: folder, INTERNAL_TOKEN } });
  ada = await signUp(platform.api);
  const [file = ''] = await readdir(folder);
  signingKey = createPrivateKey(await readFile(join(folder, file)));
  const { body } = await call<{ keys: JWK[] }>(`${platform.api}/.well-known/jwks.json`, 'GET');
  publicJwk = body.keys[0] ?? {};
  lure = createServer((_, response) => {
    lured += 1;
    response.end('{}');
  });
  await new Promise<void>((resolve) => lure.listen(0, '127.0.0.1', resolve));
}, 60_000);
afterAll(async () => {
  await platform?.stop();
  await rm(folder, { recursive: true });
  lure?.close();
}, 30_000);

const read = (service: Service, token: string) =>
  call<ProblemBody>(`${platform.urls[service]}${READS[service]}`, 'GET', undefined, {
    authorization: `Bearer ${token}`,
  });
const seconds = (ahead = 0) => Math.floor(Date.now() / 1000) + ahead;
const lureUrl = () => `http://127.0.0.1:${(lure.address() as AddressInfo).port}/jwks.json`;

interface Forgery {
  readonly header?: Record<string, unknown>;
  readonly claims?: Record<string, unknown>;
}

/** Ada's own claims and header but for what is forged, signed with a key. */
function forge(key: KeyObject | CryptoKey | Uint8Array, { header = {}, claims = {} }: Forgery = {}) {
  const payload = { ...decodeJwt(ada.token), ...claims };
  return new SignJWT(JSON.parse(JSON.stringify(payload)) as typeof payload)
    .setProtectedHeader({ ...decodeProtectedHeader(ada.token), alg: 'EdDSA', ...header })
    .sign(key);
}

const base64 = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
const realParts = () => ada.token.split('.') as [string, string, string];
const othersKey = (alg: string) => generateKeyPair(alg, { extractable: true });

const attacks: Record<string, () => Promise<string> | string> = {
  'alg none without a signature': () => {
    const [, payload] = realParts();
    return `${base64({ alg: 'none', typ: 'at+jwt' })}.${payload}.`;
  },
  'alg none with the signature of a real token': () => {
    const [, payload, signature] = realParts();
    return `${base64({ alg: 'nOnE', typ: 'at+jwt', kid: publicJwk.kid })}.${payload}.${signature}`;
  },
  'HS256 with the published key as the secret': () =>
    forge(Buffer.from(publicJwk.x ?? '', 'base64url'), { header: { alg: 'HS256' } }),
  'HS256 with the published key as PEM': () => {
    const pem = createPublicKey(signingKey).export({ type: 'spki', format: 'pem' });
    return forge(Buffer.from(pem), { header: { alg: 'HS256' } });
  },
  'HS256 with the published key as JSON': () =>
    forge(Buffer.from(JSON.stringify(publicJwk)), { header: { alg: 'HS256' } }),
  'ES256 under the name of the Ed25519 key': async () =>
    forge((await othersKey('ES256')).privateKey, { header: { alg: 'ES256' } }),
  'RS256, which is not used': async () =>
    forge((await othersKey('RS256')).privateKey, { header: { alg: 'RS256' } }),
  'another key under the name of ours': async () => forge((await othersKey('EdDSA')).privateKey),
  'a key of its own, embedded': async () => {
    const { privateKey, publicKey } = await othersKey('EdDSA');
    return forge(privateKey, { header: { jwk: await exportJWK(publicKey), kid: undefined } });
  },
  'a key of its own, embedded, under the name of ours': async () => {
    const { privateKey, publicKey } = await othersKey('EdDSA');
    return forge(privateKey, { header: { jwk: { ...(await exportJWK(publicKey)), kid: publicJwk.kid } } });
  },
  'a key behind jku': async () =>
    forge((await othersKey('EdDSA')).privateKey, { header: { jku: lureUrl(), kid: 'theirs' } }),
  'a certificate behind x5u': async () =>
    forge((await othersKey('ES256')).privateKey, { header: { alg: 'ES256', x5u: lureUrl(), kid: 'theirs' } }),
  'a kid that is a path': async () =>
    forge((await othersKey('EdDSA')).privateKey, { header: { kid: '../../../../dev/null' } }),
  'no kid': async () => forge((await othersKey('EdDSA')).privateKey, { header: { kid: undefined } }),
  'a critical header that nobody knows': () => {
    const header = { ...decodeProtectedHeader(ada.token), crit: ['next'], next: true };
    const text = `${base64(header)}.${realParts()[1]}`;
    return `${text}.${sign(null, Buffer.from(text), signingKey).toString('base64url')}`;
  },
  'claims that were changed': () => {
    const [head, , signature] = realParts();
    return `${head}.${base64({ ...decodeJwt(ada.token), roles: ['admin'] })}.${signature}`;
  },
  'another audience': () => forge(signingKey, { claims: { aud: 'another-api' } }),
  'another issuer': () => forge(signingKey, { claims: { iss: 'https://elsewhere.example' } }),
  'another type': () => forge(signingKey, { header: { typ: 'JWT' } }),
  'no type': () => forge(signingKey, { header: { typ: undefined } }),
  'a time that is over': () => forge(signingKey, { claims: { iat: seconds(-700), exp: seconds(-60) } }),
  'no end': () => forge(signingKey, { claims: { exp: undefined } }),
  'a birth in the future': () => forge(signingKey, { claims: { iat: seconds(300), exp: seconds(900) } }),
  'a beginning in the future': () => forge(signingKey, { claims: { nbf: seconds(300) } }),
  'no session': () => forge(signingKey, { claims: { sid: undefined } }),
  'a role that there is not': () => forge(signingKey, { claims: { roles: ['root'] } }),
  'nothing but a refresh token': () => ada.refreshToken,
  'nothing but the token of the services': () => INTERNAL_TOKEN,
};

describe('an access token', () => {
  it('is taken by each service when it is one that auth could have signed', async () => {
    const same = await forge(signingKey, { claims: { jti: randomUUID() } });
    for (const service of SERVICES)
      expect([service, (await read(service, same)).status]).toEqual([service, 200]);
  });

  it.each(Object.entries(attacks))('is refused by each service when it has %s', async (_, make) => {
    const token = await make();
    const answers = await Promise.all(SERVICES.map((service) => read(service, token)));

    const codes = answers.map(({ status, body }, index) => [SERVICES[index], status, body.code]);
    expect(codes).toEqual(SERVICES.map((service) => [service, 401, 'unauthenticated']));
    for (const { headers } of answers) expect(headers.get('www-authenticate')).toBe('Bearer');
  });

  it('makes nobody ask at an address that it names', () => {
    expect(lured).toBe(0);
  });

  it('of a user opens nothing that is for services', async () => {
    const paths = ['/internal/keys', '/internal/revocations', `/internal/users/${ada.user.id}/contact`];
    for (const path of paths) {
      const headers = { authorization: `Bearer ${ada.token}` };
      expect((await call(`${platform.urls.auth}${path}`, 'GET', undefined, headers)).status).toBe(401);
      expect((await call(`${platform.api}${path}`, 'GET', undefined, headers)).status).toBe(404);
    }
  });
});

describe('while the signing key changes', () => {
  const keys = async (method: 'GET' | 'POST', path: string, body?: object) => {
    const headers = { authorization: `Bearer ${INTERNAL_TOKEN}` };
    return (await call<SigningKeyList>(`${platform.urls.auth}${path}`, method, body, headers)).body.keys;
  };

  it('no service refuses a token, whoever signed it', async () => {
    const users = await Promise.all(Array.from({ length: 4 }, () => signUp(platform.api)));
    const [old, next] = await keys('POST', '/internal/keys/rotate', { afterSeconds: 15 });
    expect([old?.phase, next?.phase]).toEqual(['signing', 'next']);
    const end = Date.parse(next?.from ?? '') + 3_000;

    const statuses = new Map<string, number>();
    const count = (what: string) => statuses.set(what, (statuses.get(what) ?? 0) + 1);
    const work = async ({ token: first, refreshToken }: Client) => {
      let tokens = { accessToken: first, refreshToken };
      while (Date.now() < end) {
        const { accessToken } = tokens;
        const answers = await Promise.all(SERVICES.map((service) => read(service, accessToken)));
        // An unknown key, as an attacker sends them, keeps nobody from learning of the next one.
        await read('task', await forge(signingKey, { header: { kid: randomUUID() } }));
        const { kid } = decodeProtectedHeader(accessToken);
        for (const { status } of answers) count(`${kid === next?.kid ? 'next' : 'old'} key: ${status}`);
        const renewed = await call<Tokens>(`${platform.urls.auth}/v1/auth/refresh`, 'POST', {
          refreshToken: tokens.refreshToken,
        });
        count(`refresh: ${renewed.status}`);
        tokens = renewed.body;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    };
    await Promise.all(users.map(work));

    expect([...statuses.keys()].sort()).toEqual(['next key: 200', 'old key: 200', 'refresh: 200']);
    expect((await keys('GET', '/internal/keys')).map(({ phase }) => phase)).toEqual(['retiring', 'signing']);
    expect((await read('task', ada.token)).status).toBe(200);
  }, 60_000);
});
