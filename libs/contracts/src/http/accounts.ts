import { z } from 'zod';
import { Instant, Locale, Text, TimeZone, Uuid } from '../values.js';
import { route } from './route.js';

export const Role = z.enum(['user', 'admin', 'operator']);
export type Role = z.output<typeof Role>;
export const Email = z
  .string()
  .trim()
  .max(254)
  .pipe(z.email())
  .transform((text) => text.toLowerCase());
const PASSWORD = { minLength: 8, maxLength: 128 };
/** OWASP ASVS 5 6.2: 8 to 128 characters, as people count them, nothing about their kinds. Taken exactly as it is sent. */
export const Password = Text.refine((text) => {
  const characters = [...text.slice(0, 2 * PASSWORD.maxLength + 1)].length;
  return characters >= PASSWORD.minLength && characters <= PASSWORD.maxLength;
}, `must have ${PASSWORD.minLength} to ${PASSWORD.maxLength} characters`).meta(PASSWORD);
/** A password to be compared: any that an account may have. */
export const GivenPassword = z
  .string()
  .min(1)
  .max(2 * PASSWORD.maxLength);
/** Six digits of an authenticator app, what a passkey's answer was exchanged for, or a recovery code. */
export const SecondFactorCode = z.string().trim().min(6).max(40);
/** Of an account that exists, which may be older than the rules for new names. */
export const StoredName = Text.trim().min(1).max(100);
/** Stands in greetings and headers of emails: one line, nothing that a terminal or a mail program would act on. */
export const DisplayName = StoredName.refine(
  (name) => !/[\p{Cc}\u2028\u2029]/u.test(name),
  'must not hold line breaks or other control characters',
);

/** A picture elsewhere. Never fetched by the platform. */
export const AvatarUrl = z
  .url({ protocol: /^https$/, error: 'must be an https URL' })
  .max(2_000)
  .refine((url) => !url.includes('@'), 'must not hold a user name or password')
  .meta({ examples: ['https://example.org/ada.png'] });

export const User = z
  .object({
    id: Uuid,
    email: z.string(),
    name: StoredName,
    timeZone: z.string(),
    locale: z.string(),
    avatarUrl: z.string().nullable(),
    roles: z.array(Role),
    version: z.int().positive(),
    createdAt: Instant,
  })
  .meta({ id: 'User' });
export type User = z.output<typeof User>;

export const RegisterBody = z
  .strictObject({
    email: Email,
    password: Password,
    name: DisplayName,
    timeZone: TimeZone.default('UTC'),
    locale: Locale.default('en-GB'),
  })
  .meta({ id: 'Register' });
/** Any spelling of an address, also of accounts that the platform made, such as `admin@localhost`. */
const LoginEmail = Text.trim().min(1).max(254).toLowerCase();
export const LoginBody = z.strictObject({ email: LoginEmail, password: GivenPassword }).meta({ id: 'Login' });
export const RefreshBody = z
  .strictObject({ refreshToken: z.string().min(1).max(200) })
  .meta({ id: 'Refresh' });
export const UpdateProfileBody = z
  .strictObject({
    name: DisplayName.optional(),
    timeZone: TimeZone.optional(),
    locale: Locale.optional(),
    avatarUrl: AvatarUrl.nullable().optional(),
  })
  .refine((changes) => Object.keys(changes).length > 0, 'names no field to change')
  .meta({ id: 'UpdateProfile' });

/** `expiresIn`: seconds that the access token is valid. */
const tokens = { accessToken: z.string(), refreshToken: z.string(), expiresIn: z.int() };
export const Tokens = z.object(tokens).meta({ id: 'Tokens' });
export type Tokens = z.output<typeof Tokens>;
export const SignedIn = z.object({ user: User, ...tokens }).meta({ id: 'SignedIn' });
export type SignedIn = z.output<typeof SignedIn>;

/** `current`: the one that the request was made in. `userAgent` and `address` are of its last sign-in or refresh. */
export const Session = z
  .object({
    id: Uuid,
    startedAt: Instant,
    lastUsedAt: Instant,
    userAgent: z.string().nullable(),
    address: z.string(),
    current: z.boolean(),
  })
  .meta({ id: 'Session' });
export type Session = z.output<typeof Session>;
export const SessionList = z.object({ sessions: z.array(Session) }).meta({ id: 'SessionList' });
export type SessionList = z.output<typeof SessionList>;
export const ChangePasswordBody = z
  .strictObject({ currentPassword: GivenPassword, newPassword: Password, code: SecondFactorCode.optional() })
  .meta({ id: 'ChangePassword' });

export const Jwks = z.object({ keys: z.array(z.record(z.string(), z.unknown())) }).meta({ id: 'Jwks' });

const service = 'auth';

export const accountRoutes = {
  register: route('POST', '/v1/auth/register', {
    summary: 'Create an account and sign in',
    service,
    kind: 'secret',
    access: 'public',
    body: RegisterBody,
    success: { status: 201, body: SignedIn },
    accepted:
      'Where registrations are confirmed by mail: a link is on its way to the address, and nothing else is told',
    problems: ['email_taken'],
  }),
  login: route('POST', '/v1/auth/login', {
    summary: 'Sign in',
    service,
    kind: 'secret',
    access: 'public',
    body: LoginBody,
    success: { status: 200, body: SignedIn },
    problems: ['invalid_credentials', 'second_factor_needed'],
  }),
  refresh: route('POST', '/v1/auth/refresh', {
    summary: 'Exchange a refresh token for new tokens',
    service,
    kind: 'secret',
    access: 'public',
    body: RefreshBody,
    success: { status: 200, body: Tokens },
    problems: ['invalid_refresh_token'],
  }),
  logout: route('POST', '/v1/auth/logout', {
    summary: 'End the session that the refresh token belongs to',
    service,
    kind: 'secret',
    access: 'public',
    body: RefreshBody,
    success: { status: 204 },
  }),
  me: route('GET', '/v1/auth/me', {
    summary: 'Your profile',
    service,
    kind: 'read',
    success: { status: 200, body: User },
  }),
  updateMe: route('PATCH', '/v1/auth/me', {
    summary: 'Change your profile',
    service,
    kind: 'command',
    body: UpdateProfileBody,
    ifMatch: 'optional',
    success: { status: 200, body: User },
    headers: ['ETag'],
    problems: ['not_found', 'version_conflict'],
  }),
  changePassword: route('PUT', '/v1/auth/me/password', {
    summary: 'Change your password; all your other sessions end',
    service,
    kind: 'secret',
    body: ChangePasswordBody,
    success: { status: 204 },
    problems: ['not_found', 'second_factor_needed'],
  }),
  sessions: route('GET', '/v1/auth/sessions', {
    summary: 'Your sessions, the last used first',
    service,
    kind: 'read',
    success: { status: 200, body: SessionList },
  }),
  endSession: route('DELETE', '/v1/auth/sessions/{id}', {
    summary: 'End one of your sessions',
    service,
    kind: 'command',
    params: z.object({ id: Uuid }),
    success: { status: 204 },
    problems: ['not_found'],
  }),
  endOtherSessions: route('DELETE', '/v1/auth/sessions', {
    summary: 'End all your sessions but this one',
    service,
    kind: 'command',
    success: { status: 204 },
  }),
  jwks: route('GET', '/.well-known/jwks.json', {
    summary: 'Public keys of the access tokens (RFC 7517)',
    service,
    kind: 'read',
    access: 'public',
    success: { status: 200, body: Jwks },
  }),
} as const;
