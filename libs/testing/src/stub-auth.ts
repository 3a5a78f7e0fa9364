import { randomUUID } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Contact, type Role, TOKEN_AUDIENCE, TOKEN_ISSUER } from '@taskwire/contracts';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';

const KEY_ID = 'stub';

/** What other services ask of auth: keys, revocations (none) and contacts. A service under test gets its `url` as AUTH_URL. */
export interface StubAuth {
  readonly url: string;
  /** By user id; everybody else is gone (404). */
  readonly contacts: Map<string, Contact>;
  tokenFor(userId: string, roles?: readonly Role[]): Promise<string>;
  close(): Promise<void>;
}

export async function startStubAuth(): Promise<StubAuth> {
  const { publicKey, privateKey } = await generateKeyPair('EdDSA');
  const key = { ...(await exportJWK(publicKey)), kid: KEY_ID, alg: 'EdDSA', use: 'sig' };
  const contacts = new Map<string, Contact>();
  const answerTo = (path: string): unknown => {
    if (path === '/.well-known/jwks.json') return { keys: [key] };
    if (path === '/internal/revocations') return { position: 0, sessions: [] };
    return contacts.get(/^\/internal\/users\/([^/]+)\/contact$/.exec(path)?.[1] ?? '');
  };
  const server = createServer((request, response) => {
    const answer = answerTo(new URL(request.url ?? '/', 'http://stub').pathname);
    response.writeHead(answer === undefined ? 404 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(answer ?? {}));
  });
  return {
    url: await listen(server),
    contacts,
    tokenFor: (userId, roles = ['user']) =>
      new SignJWT({ sid: randomUUID(), jti: randomUUID(), roles })
        .setProtectedHeader({ alg: 'EdDSA', typ: 'at+jwt', kid: KEY_ID })
        .setIssuer(TOKEN_ISSUER)
        .setAudience(TOKEN_AUDIENCE)
        .setSubject(userId)
        .setIssuedAt()
        .setExpirationTime('10 minutes')
        .sign(privateKey),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
