import { expect } from '@jest/globals';
import type { EnrolledSecondFactor, ProblemBody, RecoveryCodes, SignedIn } from '@taskwire/contracts';
import { generateSync } from 'otplib';
import type { BodyOf, call } from './client.js';

export interface Secret {
  readonly what: string;
  readonly value: string;
}

type Use = <Body>(method: string, route: string, more?: { body?: unknown }) => ReturnType<typeof call<Body>>;

/** Calls each route of the second factor, and tells what of their answers is a secret. */
export async function useSecondFactor(
  credentials: { email: string; password: string },
  use: Use,
  asUser: Use,
  secrets: Secret[],
): Promise<void> {
  const factor = '/v1/auth/me/second-factor';
  const { body } = await asUser<BodyOf<typeof EnrolledSecondFactor>>('POST', factor, {
    body: { password: credentials.password },
  });
  secrets.push({ what: 'a TOTP secret', value: body.secret });
  const confirmed = await asUser<BodyOf<typeof RecoveryCodes>>('POST', `${factor}/confirm`, {
    body: { code: generateSync({ secret: body.secret }) },
  });
  const [first = '', second = ''] = confirmed.body.recoveryCodes;
  secrets.push({ what: 'a recovery code', value: first }, { what: 'a recovery code', value: second });
  const login = await use<ProblemBody>('POST', '/v1/auth/login', { body: credentials });
  const { challenge = '' } = login.body;
  secrets.push({ what: 'a challenge', value: challenge });
  const signedIn = await use<SignedIn>('POST', '/v1/auth/login/second-factor', {
    body: { challenge, code: first },
  });
  expect([login.status, signedIn.status]).toEqual([403, 200]);
  await asUser('GET', factor);
  const disabled = await asUser('POST', `${factor}/disable`, { body: { code: second } });
  expect(disabled.status).toBe(204);
}
