import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { TOKEN_AUDIENCE, TOKEN_ISSUER } from '@taskwire/contracts';
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';

export interface TestKey {
  readonly kid: string;
  readonly alg: string;
  readonly privateKey: CryptoKey;
  readonly publicJwk: JWK;
}

export async function makeKey(alg = 'EdDSA', kid: string = randomUUID()): Promise<TestKey> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  return { kid, alg, privateKey, publicJwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' } };
}

export interface TokenOptions {
  readonly header?: Readonly<Record<string, string>>;
  readonly claims?: Readonly<Record<string, unknown>>;
}

const inSeconds = (seconds: number): number => Math.floor(Date.now() / 1000) + seconds;

/** A token as auth issues it, but for what a test changes; a claim of undefined is left out. */
export function issueToken(key: TestKey, { header = {}, claims = {} }: TokenOptions = {}): Promise<string> {
  const payload = {
    iss: TOKEN_ISSUER,
    aud: TOKEN_AUDIENCE,
    sub: randomUUID(),
    sid: randomUUID(),
    jti: randomUUID(),
    roles: ['user'],
    iat: inSeconds(0),
    exp: inSeconds(600),
    ...claims,
  };
  return new SignJWT(JSON.parse(JSON.stringify(payload)) as Record<string, unknown>)
    .setProtectedHeader({ alg: key.alg, typ: 'at+jwt', kid: key.kid, ...header })
    .sign(key.privateKey);
}

/** Revocations that are all known: these sessions have ended. */
export function knownRevocations(ended: ReadonlySet<string> = new Set()) {
  return { complete: true, known: () => Promise.resolve(), has: (sessionId: string) => ended.has(sessionId) };
}

export interface KeyServer {
  readonly url: string;
  /** What it publishes now. */
  keys: JWK[];
  /** Answers instead of the keys, unless it is 200. */
  status: number;
  requests: number;
  close(): Promise<void>;
}

/** Auth's JWKS endpoint on a real port. */
export async function serveKeys(...keys: TestKey[]): Promise<KeyServer> {
  const http = createServer((_request, response) => {
    server.requests += 1;
    response.writeHead(server.status, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ keys: server.keys }));
  });
  await new Promise<void>((resolve) => {
    http.listen(0, '127.0.0.1', resolve);
  });
  const server: KeyServer = {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    keys: keys.map(({ publicJwk }) => publicJwk),
    status: 200,
    requests: 0,
    close: () =>
      new Promise<void>((resolve) => {
        http.closeAllConnections();
        http.close(() => resolve());
      }),
  };
  return server;
}
