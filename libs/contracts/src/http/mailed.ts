import { z } from 'zod';
import { Instant } from '../values.js';
import { Email, GivenPassword, Password, SecondFactorCode, SignedIn } from './accounts.js';
import { route } from './route.js';

/** The token that stands behind `#token=` in a mailed link. */
const MailedToken = z.string().min(1).max(200);

export const ConfirmRegistrationBody = z
  .strictObject({ token: MailedToken, password: GivenPassword })
  .meta({ id: 'ConfirmRegistration' });
export const RequestResetBody = z.strictObject({ email: Email }).meta({ id: 'RequestPasswordReset' });
export const ResetPasswordBody = z
  .strictObject({ token: MailedToken, newPassword: Password })
  .meta({ id: 'ResetPassword' });
export const ChangeEmailBody = z
  .strictObject({ newEmail: Email, password: GivenPassword, code: SecondFactorCode.optional() })
  .meta({ id: 'ChangeEmail' });
export const ConfirmEmailBody = z.strictObject({ token: MailedToken }).meta({ id: 'ConfirmEmail' });
/** `changed`: both addresses have confirmed, and the new one counts. */
export const EmailConfirmed = z.object({ changed: z.boolean() }).meta({ id: 'EmailConfirmed' });
export type EmailConfirmed = z.output<typeof EmailConfirmed>;
export const DeleteAccountBody = z
  .strictObject({ password: GivenPassword, code: SecondFactorCode.optional() })
  .meta({ id: 'DeleteAccount' });

export const EmailPurpose = z.enum([
  'registration',
  'registered',
  'password_reset',
  'email_change_from',
  'email_change_to',
  'email_taken',
  'second_factor_added',
  'second_factor_removed',
  'second_factor_reset',
  'passkey_added',
  'passkey_removed',
  'recovery_codes_renewed',
  'api_token_created',
]);
export type EmailPurpose = z.output<typeof EmailPurpose>;

/**
 * `POST /internal/account-emails/{id}/letter`: whom an email of auth's goes to, asked when it is sent; 404 when it is not to
 * be sent (any more). Each call makes a further token for it, null where the email only tells something.
 */
export const AccountLetter = z.object({
  purpose: EmailPurpose,
  address: z.string(),
  token: z.string().nullable(),
  newEmail: z.string().nullable(),
  expiresAt: Instant,
});
export type AccountLetter = z.output<typeof AccountLetter>;

const service = 'auth';

/** What is confirmed by who reads the mail to an address. */
export const mailedRoutes = {
  confirmRegistration: route('POST', '/v1/auth/register/confirm', {
    summary: 'Confirm a registration with the mailed token, and sign in',
    service,
    kind: 'secret',
    access: 'public',
    body: ConfirmRegistrationBody,
    success: { status: 201, body: SignedIn },
    problems: ['invalid_link', 'invalid_credentials'],
  }),
  requestReset: route('POST', '/v1/auth/password-resets', {
    summary:
      'Have a link mailed that sets a new password; the same answer whether or not there is an account',
    service,
    kind: 'secret',
    access: 'public',
    body: RequestResetBody,
    success: { status: 202 },
  }),
  resetPassword: route('POST', '/v1/auth/password-resets/confirm', {
    summary: 'Set a new password with the mailed token; all sessions end',
    service,
    kind: 'secret',
    access: 'public',
    body: ResetPasswordBody,
    success: { status: 204 },
    problems: ['invalid_link'],
  }),
  changeEmail: route('POST', '/v1/auth/me/email', {
    summary: 'Change your email: a link is mailed to the old and to the new address, and both must confirm',
    service,
    kind: 'secret',
    body: ChangeEmailBody,
    success: { status: 202 },
    problems: ['not_found', 'second_factor_needed'],
  }),
  confirmEmail: route('POST', '/v1/auth/email/confirm', {
    summary: 'Confirm a change of email with the token that was mailed to the old or the new address',
    service,
    kind: 'secret',
    access: 'public',
    body: ConfirmEmailBody,
    success: { status: 200, body: EmailConfirmed },
    problems: ['invalid_link', 'email_taken'],
  }),
  deleteAccount: route('POST', '/v1/auth/me/deletion', {
    summary: 'Delete your account and all that you stored; it cannot be undone',
    service,
    kind: 'secret',
    body: DeleteAccountBody,
    success: { status: 204 },
    problems: ['not_found', 'second_factor_needed'],
  }),
} as const;
