import { AddedPasskey, PasskeyCode, PasskeyOptions } from '@taskwire/contracts';
import { type Ceremony, SoftwareAuthenticator } from '@taskwire/testing';
import { bearer, password, requestsTo } from '../requests.fixture.js';
import type { RunningAuth } from '../service.fixture.js';

export const PASSKEYS = '/v1/auth/me/passkeys';
/** Of pages in development. */
export const PAGE = { origin: 'http://localhost:3000' };

/** What owners of passkeys do; `auth` is started by the time they do. */
export function passkeysOf(auth: () => RunningAuth) {
  const { registered, login } = requestsTo(auth);
  const post = (path: string, body: unknown, token?: string) =>
    auth().call('POST', path, body, token === undefined ? {} : bearer(token));
  const optionsOf = ({ body }: { body: unknown }) => PasskeyOptions.parse(body).publicKey;

  const owner = {
    /** What to make a passkey with. */
    async begun(token: string, code?: string) {
      return optionsOf(await post(`${PASSKEYS}/options`, { password, code }, token));
    },
    async add(token: string, device: SoftwareAuthenticator, code?: string, page: Ceremony = PAGE) {
      const credential = device.create(await owner.begun(token, code), page);
      return post(PASSKEYS, { name: 'Phone', credential }, token);
    },
    /** An account with a passkey, and ten recovery codes. */
    async withPasskey() {
      const { user, accessToken } = await registered();
      const device = new SoftwareAuthenticator();
      const { passkey, recoveryCodes } = AddedPasskey.parse((await owner.add(accessToken, device)).body);
      const [recovery = '', ...more] = recoveryCodes;
      return { user, accessToken, device, passkey, recovery, more };
    },
    /** A login after the password: its challenge, and what a passkey is asked for. */
    async asked(email: string) {
      const { challenge } = (await login(email)).body;
      return { challenge, options: optionsOf(await post('/v1/auth/login/passkey/options', { challenge })) };
    },
    signIn: (challenge: string | undefined, credential: unknown) =>
      post('/v1/auth/login/passkey', { challenge, credential }),
    async stepUpOptions(token: string) {
      return optionsOf(await auth().call('POST', `${PASSKEYS}/code/options`, undefined, bearer(token)));
    },
    async code(token: string, device: SoftwareAuthenticator) {
      const credential = device.get(await owner.stepUpOptions(token), PAGE);
      return PasskeyCode.parse((await post(`${PASSKEYS}/code`, { credential }, token)).body).code;
    },
  };
  return { post, ...owner };
}
