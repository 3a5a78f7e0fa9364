import { expect } from '@jest/globals';
import type {
  CreatedApiToken,
  EnrolledSecondFactor,
  ProblemBody,
  RecoveryCodes,
  SignedIn,
} from '@taskwire/contracts';
import { generateSync } from 'otplib';
import type { BodyOf, call } from './client.js';

/** In the email addresses, and nowhere else. */
export const PERSONAL = 'secret-address';

export interface Secret {
  readonly what: string;
  readonly value: string;
}

export type Use = <Body>(
  method: string,
  route: string,
  more?: { path?: string; body?: unknown; headers?: Record<string, string> },
) => ReturnType<typeof call<Body>>;

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
  const renewed = await asUser<BodyOf<typeof RecoveryCodes>>('POST', `${factor}/recovery-codes`, {
    body: { code: second },
  });
  const [third = ''] = renewed.body.recoveryCodes;
  secrets.push({ what: 'a renewed recovery code', value: third });
  const disabled = await asUser('POST', `${factor}/disable`, { body: { code: third } });
  expect(disabled.status).toBe(204);
}

/** Calls each route of API tokens, and one with such a token. */
export async function useApiToken(use: Use, asUser: Use, secrets: Secret[]): Promise<void> {
  const { body } = await asUser<CreatedApiToken>('POST', '/v1/auth/api-tokens', {
    body: { name: 'Script', scopes: ['tasks:read'] },
  });
  secrets.push({ what: 'an API token', value: body.token.slice(body.apiToken.hint.length) });
  const read = await use('GET', '/v1/tasks', { headers: { authorization: `Bearer ${body.token}` } });
  expect(read.status).toBe(200);
  await asUser('GET', '/v1/auth/api-tokens');
  await asUser('DELETE', '/v1/auth/api-tokens/{id}', { path: `/v1/auth/api-tokens/${body.apiToken.id}` });
}
