import { z } from 'zod';
import { Instant, Uuid } from '../values.js';
import { DisplayName, GivenPassword, SecondFactorCode, SignedIn } from './accounts.js';
import { route } from './route.js';

/** So many has an account at most. */
export const MOST_PASSKEYS = 20;

/** `lastUsedAt`: when it last answered a challenge; null: never yet. */
export const Passkey = z
  .object({ id: Uuid, name: z.string(), createdAt: Instant, lastUsedAt: Instant.nullable() })
  .meta({ id: 'Passkey' });
export type Passkey = z.output<typeof Passkey>;
export const PasskeyList = z.object({ passkeys: z.array(Passkey) }).meta({ id: 'PasskeyList' });
export type PasskeyList = z.output<typeof PasskeyList>;
/** `recoveryCodes`: told here and never again; empty where the account has some already, which stay. */
export const AddedPasskey = z
  .object({ passkey: Passkey, recoveryCodes: z.array(z.string()) })
  .meta({ id: 'AddedPasskey' });
export type AddedPasskey = z.output<typeof AddedPasskey>;

/**
 * What a page gives to `PublicKeyCredential.parseCreationOptionsFromJSON()` or `parseRequestOptionsFromJSON()` (WebAuthn
 * level 3, 5.1.9 and 5.1.10), and its result to `navigator.credentials`.
 */
export const PasskeyOptions = z
  .object({ publicKey: z.looseObject({ challenge: z.string() }) })
  .meta({ id: 'PasskeyOptions' });
export type PasskeyOptions = z.output<typeof PasskeyOptions>;
/** Stands for a code of the second factor, once. */
export const PasskeyCode = z.object({ code: z.string(), expiresAt: Instant }).meta({ id: 'PasskeyCode' });
export type PasskeyCode = z.output<typeof PasskeyCode>;

const bytes = (most: number) =>
  z
    .string()
    .regex(/^[\w-]+$/, 'must be base64url')
    .max(most);
// Browsers put more into both than is looked at, and newer ones will again: what isn't known is left aside.
const credential = { id: bytes(1_400), rawId: bytes(1_400), type: z.literal('public-key') };
/** `toJSON()` of what `navigator.credentials.create()` answers. */
export const NewCredential = z
  .object({
    ...credential,
    response: z.object({
      clientDataJSON: bytes(4_000),
      attestationObject: bytes(40_000),
      transports: z.array(z.string().max(40)).max(10).default([]),
    }),
  })
  .meta({ id: 'NewCredential' });
export type NewCredential = z.output<typeof NewCredential>;
/** `toJSON()` of what `navigator.credentials.get()` answers. */
export const CredentialAssertion = z
  .object({
    ...credential,
    response: z.object({
      clientDataJSON: bytes(4_000),
      authenticatorData: bytes(4_000),
      signature: bytes(4_000),
    }),
  })
  .meta({ id: 'CredentialAssertion' });
export type CredentialAssertion = z.output<typeof CredentialAssertion>;

const Challenge = z.string().min(1).max(200);
export const PasskeyLoginOptionsBody = z
  .strictObject({ challenge: Challenge })
  .meta({ id: 'PasskeyLoginOptions' });
export const PasskeyLoginBody = z
  .strictObject({ challenge: Challenge, credential: CredentialAssertion })
  .meta({ id: 'PasskeyLogin' });
export const BeginPasskeyBody = z
  .strictObject({ password: GivenPassword, code: SecondFactorCode.optional() })
  .meta({ id: 'BeginPasskey' });
export const AddPasskeyBody = z
  .strictObject({ name: DisplayName, credential: NewCredential })
  .meta({ id: 'AddPasskey' });
export const PasskeyCodeBody = z
  .strictObject({ credential: CredentialAssertion })
  .meta({ id: 'PasskeyAssertion' });
export const RenamePasskeyBody = z.strictObject({ name: DisplayName }).meta({ id: 'RenamePasskey' });
export const RemovePasskeyBody = z.strictObject({ code: SecondFactorCode }).meta({ id: 'RemovePasskey' });

const service = 'auth';
// What owners call their devices stays off the bus, as what is said about credentials does.
const kind = 'secret';
const params = z.object({ id: Uuid });

export const passkeyRoutes = {
  loginOptions: route('POST', '/v1/auth/login/passkey/options', {
    summary: 'What to ask a passkey for, with the challenge of second_factor_needed',
    service,
    kind,
    access: 'public',
    body: PasskeyLoginOptionsBody,
    success: { status: 200, body: PasskeyOptions },
    problems: ['invalid_second_factor', 'not_found', 'passkeys_off'],
  }),
  login: route('POST', '/v1/auth/login/passkey', {
    summary: 'Sign in with the challenge of second_factor_needed and what a passkey answered',
    service,
    kind,
    access: 'public',
    body: PasskeyLoginBody,
    success: { status: 200, body: SignedIn },
    problems: ['invalid_second_factor', 'passkeys_off'],
  }),
  list: route('GET', '/v1/auth/me/passkeys', {
    summary: 'Your passkeys, the oldest first',
    service,
    kind: 'read',
    success: { status: 200, body: PasskeyList },
  }),
  begin: route('POST', '/v1/auth/me/passkeys/options', {
    summary: 'Begin to add a passkey: what to make it with',
    service,
    kind,
    body: BeginPasskeyBody,
    success: { status: 200, body: PasskeyOptions },
    problems: ['not_found', 'limit_reached', 'second_factor_needed', 'passkeys_off'],
  }),
  add: route('POST', '/v1/auth/me/passkeys', {
    summary: 'Add the passkey that was made; the first second factor of an account answers recovery codes',
    service,
    kind,
    body: AddPasskeyBody,
    success: { status: 201, body: AddedPasskey },
    problems: ['not_found', 'already_exists', 'limit_reached', 'passkeys_off'],
  }),
  codeOptions: route('POST', '/v1/auth/me/passkeys/code/options', {
    summary: 'What to ask a passkey for, to get a code',
    service,
    kind,
    success: { status: 200, body: PasskeyOptions },
    problems: ['not_found', 'passkeys_off'],
  }),
  code: route('POST', '/v1/auth/me/passkeys/code', {
    summary: 'A code for what needs one, for what a passkey answered',
    service,
    kind,
    body: PasskeyCodeBody,
    success: { status: 200, body: PasskeyCode },
    problems: ['passkeys_off'],
  }),
  rename: route('PATCH', '/v1/auth/me/passkeys/{id}', {
    summary: 'Give a passkey another name',
    service,
    kind,
    params,
    body: RenamePasskeyBody,
    success: { status: 200, body: Passkey },
    problems: ['not_found'],
  }),
  remove: route('POST', '/v1/auth/me/passkeys/{id}/remove', {
    summary: 'Remove a passkey, with a code',
    service,
    kind,
    params,
    body: RemovePasskeyBody,
    success: { status: 204 },
    problems: ['not_found'],
  }),
} as const;
