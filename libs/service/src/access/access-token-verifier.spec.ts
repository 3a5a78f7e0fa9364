import { randomUUID } from 'node:crypto';
import { setImmediate, setTimeout } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { SignJWT, UnsecuredJWT } from 'jose';
import { ProblemError } from '../http/problem-error.js';
import { ServiceClients } from '../clients/service-clients.js';
import { AccessTokenVerifier } from './access-token-verifier.js';
import { PublishedKeys } from './published-keys.js';
import {
  issueToken,
  type KeyServer,
  knownRevocations,
  makeKey,
  serveKeys,
  type TestKey,
} from './tokens.fixture.js';

let key: TestKey;
let server: KeyServer;
let ended: Set<string>;
let services: ServiceClients;
let verifier: AccessTokenVerifier;

beforeEach(async () => {
  key = await makeKey();
  server = await serveKeys(key);
  ended = new Set();
  services = new ServiceClients({ auth: server.url }, 'internal');
  verifier = new AccessTokenVerifier(new PublishedKeys(services), knownRevocations(ended));
});
afterEach(async () => {
  await services.close();
  await server.close();
});

async function problemOf(authorization: string | undefined): Promise<ProblemError> {
  const result = await verifier.verify(authorization).catch((error: unknown) => error);
  if (result instanceof ProblemError) return result;
  throw new Error('the token was accepted');
}

const codeOf = async (token: string): Promise<string> => (await problemOf(`Bearer ${token}`)).code;
const inSeconds = (seconds: number): number => Math.floor(Date.now() / 1000) + seconds;

describe('an access token', () => {
  it('tells who calls', async () => {
    const [sub, sid, exp] = [randomUUID(), randomUUID(), inSeconds(60)];
    const token = await issueToken(key, { claims: { sub, sid, exp, roles: ['user', 'admin'] } });

    expect(await verifier.verify(`Bearer ${token}`)).toEqual({
      userId: sub,
      sessionId: sid,
      roles: ['user', 'admin'],
      expiresAt: new Date(exp * 1000),
      token,
    });
  });

  it('may be signed with ES256', async () => {
    const other = await makeKey('ES256');
    server.keys.push(other.publicJwk);

    await expect(verifier.verify(`Bearer ${await issueToken(other)}`)).resolves.toBeDefined();
  });

  it.each([
    ['of another audience', { claims: { aud: 'another-api' } }],
    ['of another issuer', { claims: { iss: 'https://evil.example' } }],
    ['that has expired', { claims: { iat: inSeconds(-700), exp: inSeconds(-60) } }],
    ['without an end', { claims: { exp: undefined } }],
    ['without a session', { claims: { sid: undefined } }],
    ['from the future', { claims: { iat: inSeconds(120) } }],
    ['that is not valid yet', { claims: { nbf: inSeconds(120) } }],
    ['of a user that is no id', { claims: { sub: 'root' } }],
    ['with a role that there is not', { claims: { roles: ['root'] } }],
    ['of another type', { header: { typ: 'JWT' } }],
    ['of a key that is not published', { header: { kid: 'unknown' } }],
  ])('%s is refused', async (_, options) => {
    expect(await codeOf(await issueToken(key, options))).toBe('unauthenticated');
  });

  it('is refused with alg none, with or without a signature', async () => {
    const claims = { iss: 'taskwire', aud: 'taskwire-api', sub: randomUUID(), sid: randomUUID(), jti: 'x' };
    const unsigned = new UnsecuredJWT({ ...claims, roles: ['admin'] })
      .setIssuedAt()
      .setExpirationTime('5m')
      .encode();
    const [, payload, signature] = (await issueToken(key)).split('.');
    const header = Buffer.from('{"alg":"none","typ":"at+jwt"}').toString('base64url');

    expect(await codeOf(unsigned)).toBe('unauthenticated');
    expect(await codeOf(`${header}.${payload}.${signature}`)).toBe('unauthenticated');
    expect(await codeOf(`${header}.${payload}.`)).toBe('unauthenticated');
  });

  it('is refused when the public key was used as the secret of an HMAC', async () => {
    const secret = Buffer.from(JSON.stringify(key.publicJwk));
    const token = await new SignJWT({ sid: randomUUID(), roles: ['admin'], jti: 'x' })
      .setProtectedHeader({ alg: 'HS256', typ: 'at+jwt', kid: key.kid })
      .setIssuer('taskwire')
      .setAudience('taskwire-api')
      .setSubject(randomUUID())
      .setIssuedAt()
      .setExpirationTime('5m')
      .sign(secret);

    expect(await codeOf(token)).toBe('unauthenticated');
  });

  it('is refused when signed by a key of the same name', async () => {
    expect(await codeOf(await issueToken(await makeKey('EdDSA', key.kid)))).toBe('unauthenticated');
  });

  it('is refused when its claims were changed', async () => {
    const [header, payload, signature] = (await issueToken(key)).split('.');
    const claims = JSON.parse(Buffer.from(payload ?? '', 'base64url').toString()) as object;
    const changed = Buffer.from(JSON.stringify({ ...claims, roles: ['admin'] })).toString('base64url');

    expect(await codeOf(`${header}.${changed}.${signature}`)).toBe('unauthenticated');
  });

  it('is refused as soon as its session has ended', async () => {
    const sid = randomUUID();
    const token = await issueToken(key, { claims: { sid } });
    await verifier.verify(`Bearer ${token}`);
    ended.add(sid);

    expect(await codeOf(token)).toBe('unauthenticated');
  });

  it('waits until it is known which sessions have ended', async () => {
    const sid = randomUUID();
    const token = await issueToken(key, { claims: { sid } });
    let complete = false;
    const known = async () => {
      await setImmediate();
      ended.add(sid);
      complete = true;
    };
    const starting = {
      known,
      has: (id: string) => ended.has(id),
      get complete() {
        return complete;
      },
    };
    verifier = new AccessTokenVerifier(new PublishedKeys(services), starting);

    expect(await codeOf(token)).toBe('unauthenticated');
    expect(await verifier.verify(`Bearer ${await issueToken(key)}`)).toBeDefined();
  });

  it.each([undefined, '', 'Bearer', 'Bearer ', 'Basic dXNlcjpwYXNz', 'Bearer a b', 'Bearer not.a.token'])(
    'is asked for when the header is %p',
    async (authorization) => {
      const problem = await problemOf(authorization);

      expect(problem.code).toBe('unauthenticated');
      expect(problem.headers['www-authenticate']).toBe('Bearer');
    },
  );
});

describe('the published keys', () => {
  it('are read once', async () => {
    for (let n = 0; n < 3; n += 1) await verifier.verify(`Bearer ${await issueToken(key)}`);

    expect(server.requests).toBe(1);
  });

  it('are read again for a key that was published later', async () => {
    const impatient = new AccessTokenVerifier(new PublishedKeys(services, 0), knownRevocations(ended));
    await impatient.verify(`Bearer ${await issueToken(key)}`);
    const rotated = await makeKey();
    server.keys.push(rotated.publicJwk);

    await expect(impatient.verify(`Bearer ${await issueToken(rotated)}`)).resolves.toBeDefined();
  });

  it('that came too late for a read that began before are waited for', async () => {
    const impatient = new AccessTokenVerifier(new PublishedKeys(services, 0), knownRevocations(ended));
    await impatient.verify(`Bearer ${await issueToken(key)}`);
    const rotated = await makeKey();
    server.keys.push(rotated.publicJwk);
    const tokens = await Promise.all(Array.from({ length: 20 }, () => issueToken(rotated)));

    const callers = await Promise.all(tokens.map((token) => impatient.verify(`Bearer ${token}`)));
    expect(callers).toHaveLength(20);
    expect(server.requests).toBeLessThanOrEqual(3);
  });

  it('that could not be read a moment ago make no token invalid that may be of a new one', async () => {
    verifier = new AccessTokenVerifier(new PublishedKeys(services, 300), knownRevocations(ended));
    await verifier.verify(`Bearer ${await issueToken(key)}`);
    await setTimeout(310);
    server.status = 500;
    const rotated = await makeKey();
    server.keys.push(rotated.publicJwk);

    expect(await codeOf(await issueToken(rotated))).toBe('service_unavailable');
    expect(await codeOf(await issueToken(rotated))).toBe('service_unavailable');
    await expect(verifier.verify(`Bearer ${await issueToken(key)}`)).resolves.toBeDefined();
  });

  it('are not read again for each token that names an unknown one', async () => {
    await verifier.verify(`Bearer ${await issueToken(key)}`);
    const codes = [];
    for (let n = 0; n < 5; n += 1) {
      codes.push(await codeOf(await issueToken(key, { header: { kid: `unknown-${n}` } })));
    }

    expect(new Set(codes)).toEqual(new Set(['unauthenticated']));
    expect(server.requests).toBeLessThanOrEqual(2);
  });

  it('that cannot be read make the service unavailable, not the token invalid', async () => {
    server.status = 500;
    expect(await codeOf(await issueToken(key))).toBe('service_unavailable');

    await server.close();
    expect(await codeOf(await issueToken(key))).toBe('service_unavailable');
  });

  it('go on being used while auth is away', async () => {
    await verifier.verify(`Bearer ${await issueToken(key)}`);
    await server.close();

    await expect(verifier.verify(`Bearer ${await issueToken(key)}`)).resolves.toBeDefined();
  });

  it('are read anew after a while in which nobody came, so that a withdrawn one no longer counts', async () => {
    verifier = new AccessTokenVerifier(new PublishedKeys(services, 0, 20), knownRevocations(ended));
    await verifier.verify(`Bearer ${await issueToken(key)}`);
    server.keys = [(await makeKey()).publicJwk];
    await setTimeout(60);

    expect(await codeOf(await issueToken(key))).toBe('unauthenticated');
  });

  it('are read once for callers that come at the same moment', async () => {
    const tokens = await Promise.all(Array.from({ length: 20 }, () => issueToken(key)));
    await Promise.all(tokens.map((token) => verifier.verify(`Bearer ${token}`)));

    expect(server.requests).toBe(1);
  });
});
