import { expect } from '@jest/globals';
import type {
  AddedPasskey,
  PasskeyCode,
  PasskeyList,
  PasskeyOptions,
  ProblemBody,
  SignedIn,
} from '@taskwire/contracts';
import { SoftwareAuthenticator } from '@taskwire/testing';
import type { BodyOf, Client } from './client.js';
import type { Secret, Use } from './use-credentials.js';

const PASSKEYS = '/v1/auth/me/passkeys';
/** The domain and the page of passkeys where nothing else is set, outside production. */
export const RELYING_PARTY = { WEBAUTHN_RP_ID: 'localhost', WEBAUTHN_ORIGINS: 'http://localhost:3000' };
const PAGE = { origin: RELYING_PARTY.WEBAUTHN_ORIGINS };

/** Adds a passkey to an account that has no second factor. */
export async function addPasskey({ call, password }: Pick<Client, 'call' | 'password'>, name: string) {
  const device = new SoftwareAuthenticator();
  const options = await call<BodyOf<typeof PasskeyOptions>>('POST', `${PASSKEYS}/options`, { password });
  const credential = device.create(options.body.publicKey, PAGE);
  const added = await call<BodyOf<typeof AddedPasskey>>('POST', PASSKEYS, { name, credential });
  expect(added.status).toBe(201);
  return { device, ...added.body };
}

/** Calls each route of passkeys, and tells what of their answers is a secret. */
export async function usePasskeys(
  credentials: { email: string; password: string },
  use: Use,
  asUser: Use,
  secrets: Secret[],
): Promise<void> {
  const call = <Body>(method: string, path: string, body?: unknown) => asUser<Body>(method, path, { body });
  const { device, passkey, recoveryCodes } = await addPasskey(
    { call, password: credentials.password },
    'Phone',
  );
  const { challenge = '' } = (await use<ProblemBody>('POST', '/v1/auth/login', { body: credentials })).body;
  const request = await use<BodyOf<typeof PasskeyOptions>>('POST', '/v1/auth/login/passkey/options', {
    body: { challenge },
  });
  const signedIn = await use<SignedIn>('POST', '/v1/auth/login/passkey', {
    body: { challenge, credential: device.get(request.body.publicKey, PAGE) },
  });
  expect(signedIn.status).toBe(200);

  const stepUp = await call<BodyOf<typeof PasskeyOptions>>('POST', `${PASSKEYS}/code/options`);
  const credential = device.get(stepUp.body.publicKey, PAGE);
  const { code } = (await call<BodyOf<typeof PasskeyCode>>('POST', `${PASSKEYS}/code`, { credential })).body;
  secrets.push(
    { what: 'a challenge of a login with a passkey', value: challenge },
    { what: 'a challenge to a passkey', value: request.body.publicKey.challenge },
    { what: 'the signature of a passkey', value: credential.response.signature },
    { what: 'a code of a passkey', value: code },
    { what: 'a recovery code beside a passkey', value: recoveryCodes[0] ?? '' },
  );
  const path = `${PASSKEYS}/${passkey.id}`;
  await asUser('PATCH', `${PASSKEYS}/{id}`, { path, body: { name: 'Old phone' } });
  const { passkeys } = (await call<BodyOf<typeof PasskeyList>>('GET', PASSKEYS)).body;
  expect(passkeys.map(({ name }) => name)).toEqual(['Old phone']);
  const removed = await asUser('POST', `${PASSKEYS}/{id}/remove`, { path: `${path}/remove`, body: { code } });
  expect(removed.status).toBe(204);
}
