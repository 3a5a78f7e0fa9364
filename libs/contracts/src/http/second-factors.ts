import { z } from 'zod';
import { Instant } from '../values.js';
import { GivenPassword, SecondFactorCode, SignedIn } from './accounts.js';
import { route } from './route.js';

export const SecondFactorLoginBody = z
  .strictObject({ challenge: z.string().min(1).max(200), code: SecondFactorCode })
  .meta({ id: 'SecondFactorLogin' });
export const EnrolSecondFactorBody = z
  .strictObject({ password: GivenPassword, code: SecondFactorCode.optional() })
  .meta({ id: 'EnrolSecondFactor' });
export const SecondFactorCodeBody = z
  .strictObject({ code: SecondFactorCode })
  .meta({ id: 'SecondFactorCode' });

/** `secret` (base32) is for authenticator apps, `uri` is the same as a QR code shows it. Neither is told again. */
export const EnrolledSecondFactor = z
  .object({ secret: z.string(), uri: z.string() })
  .meta({ id: 'EnrolledSecondFactor' });
export type EnrolledSecondFactor = z.output<typeof EnrolledSecondFactor>;
/** Each stands for a code once. They are told here and never again; none where there were some already, which stay. */
export const RecoveryCodes = z.object({ recoveryCodes: z.array(z.string()) }).meta({ id: 'RecoveryCodes' });
export type RecoveryCodes = z.output<typeof RecoveryCodes>;
/** `enabledAt`: since when there is an authenticator app; null: there is none. */
export const SecondFactor = z
  .object({ enabledAt: Instant.nullable(), recoveryCodesLeft: z.int() })
  .meta({ id: 'SecondFactor' });
export type SecondFactor = z.output<typeof SecondFactor>;

const service = 'auth';

export const secondFactorRoutes = {
  login: route('POST', '/v1/auth/login/second-factor', {
    summary: 'Sign in with the challenge of second_factor_needed and a code',
    service,
    kind: 'secret',
    access: 'public',
    body: SecondFactorLoginBody,
    success: { status: 200, body: SignedIn },
    problems: ['invalid_second_factor'],
  }),
  show: route('GET', '/v1/auth/me/second-factor', {
    summary: 'Whether your account has an authenticator app, and how many recovery codes',
    service,
    kind: 'read',
    success: { status: 200, body: SecondFactor },
  }),
  enrol: route('POST', '/v1/auth/me/second-factor', {
    summary: 'Begin to add a second factor: a TOTP secret for an authenticator app',
    service,
    kind: 'secret',
    body: EnrolSecondFactorBody,
    success: { status: 201, body: EnrolledSecondFactor },
    problems: ['not_found', 'already_exists', 'second_factor_needed'],
  }),
  confirm: route('POST', '/v1/auth/me/second-factor/confirm', {
    summary:
      'Add the second factor, with a first code of it; the first one of an account answers recovery codes',
    service,
    kind: 'secret',
    body: SecondFactorCodeBody,
    success: { status: 200, body: RecoveryCodes },
    problems: ['not_found', 'already_exists'],
  }),
  renewRecoveryCodes: route('POST', '/v1/auth/me/second-factor/recovery-codes', {
    summary: 'Make new recovery codes in the place of all that there are, with a code; they are told once',
    service,
    kind: 'secret',
    body: SecondFactorCodeBody,
    success: { status: 200, body: RecoveryCodes },
    problems: ['not_found'],
  }),
  disable: route('POST', '/v1/auth/me/second-factor/disable', {
    summary: 'Remove the second factor, with a code of it or a recovery code',
    service,
    kind: 'secret',
    body: SecondFactorCodeBody,
    success: { status: 204 },
    problems: ['not_found'],
  }),
} as const;
