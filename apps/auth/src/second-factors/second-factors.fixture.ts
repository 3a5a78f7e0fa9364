import { EnrolledSecondFactor, RecoveryCodes } from '@taskwire/contracts';
import { generateSync } from 'otplib';
import { bearer, password, requestsTo } from '../requests.fixture.js';
import type { RunningAuth } from '../service.fixture.js';

export const ME = '/v1/auth/me/second-factor';
/** No six digits, which might be right. */
export const WRONG = 'a wrong code';

/** Of the present time step, or of one so many later. */
export const codeOf = (secret: string, later = 0) =>
  generateSync({ secret, epoch: Math.floor(Date.now() / 1000) + 30 * later });

/** What owners of second factors do; `auth` is started by the time they do. */
export function factorsOf(auth: () => RunningAuth) {
  const { registered, login } = requestsTo(auth);
  const post = (path: string, body: unknown, token?: string) =>
    auth().call('POST', path, body, token === undefined ? {} : bearer(token));
  return {
    post,
    challengeFor: async (email: string) => (await login(email)).body.challenge,
    /** An account with an authenticator app, and ten recovery codes. */
    async enrolled() {
      const { user, accessToken, refreshToken } = await registered();
      const { secret } = EnrolledSecondFactor.parse((await post(ME, { password }, accessToken)).body);
      const code = codeOf(secret);
      const { body } = await post(`${ME}/confirm`, { code }, accessToken);
      const [recovery = '', ...more] = RecoveryCodes.parse(body).recoveryCodes;
      return { user, accessToken, refreshToken, secret, code, recovery, more };
    },
  };
}
