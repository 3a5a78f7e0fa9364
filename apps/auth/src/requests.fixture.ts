import { randomUUID } from 'node:crypto';
import { AccessTokenClaims, SignedIn } from '@taskwire/contracts';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import type { RunningAuth } from './service.fixture.js';

export const password = 'correct horse battery staple';
export const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

/** What clients ask of auth; `auth` is started by the time they do. */
export function requestsTo(auth: () => RunningAuth) {
  const post = (path: string, body: unknown) => auth().call('POST', path, body);
  return {
    async registered(email = `${randomUUID()}@example.com`) {
      const body = { email, password, name: 'Ada', timeZone: 'Europe/London' };
      return SignedIn.parse((await post('/v1/auth/register', body)).body);
    },
    login: (email: string, secret = password) => post('/v1/auth/login', { email, password: secret }),
    refresh: (refreshToken: string) => post('/v1/auth/refresh', { refreshToken }),
    logout: (refreshToken: string) => post('/v1/auth/logout', { refreshToken }),
    ended: (sessionId: string) =>
      auth().event('auth.session.ended.v1', (payload) => payload['sessionId'] === sessionId),
    /** Of an access token, verified as any resource server would. */
    async claimsOf(token: string) {
      const keys = createRemoteJWKSet(new URL('/.well-known/jwks.json', auth().url));
      const { payload } = await jwtVerify(token, keys, {
        issuer: 'taskwire',
        audience: 'taskwire-api',
        typ: 'at+jwt',
      });
      return AccessTokenClaims.parse(payload);
    },
  };
}
