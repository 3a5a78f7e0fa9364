import { z } from 'zod';
import { Instant, Uuid } from '../values.js';
import { DisplayName, SecondFactorCode } from './accounts.js';
import { route } from './route.js';
import { Scope } from './scopes.js';

/** What every API token begins with: who finds one knows what it is, and scanners for secrets find it. */
export const API_TOKEN_PREFIX = 'tw_';
/** So many has an account at most. */
export const MOST_API_TOKENS = 50;

/** `lastUsedAt`: to the minute. `hint`: its first characters. */
export const ApiToken = z
  .object({
    id: Uuid,
    name: z.string(),
    hint: z.string(),
    scopes: z.array(Scope),
    createdAt: Instant,
    expiresAt: Instant,
    lastUsedAt: Instant.nullable(),
  })
  .meta({ id: 'ApiToken' });
export type ApiToken = z.output<typeof ApiToken>;
export const ApiTokenList = z.object({ apiTokens: z.array(ApiToken) }).meta({ id: 'ApiTokenList' });
export type ApiTokenList = z.output<typeof ApiTokenList>;
/** `token` is told here and never again. */
export const CreatedApiToken = z
  .object({ apiToken: ApiToken, token: z.string() })
  .meta({ id: 'CreatedApiToken' });
export type CreatedApiToken = z.output<typeof CreatedApiToken>;
export const CreateApiTokenBody = z
  .strictObject({
    name: DisplayName,
    scopes: z
      .array(Scope)
      .min(1)
      .max(20)
      .transform((scopes) => [...new Set(scopes)]),
    expiresInDays: z.int().min(1).max(365).default(90),
    code: SecondFactorCode.optional(),
  })
  .meta({ id: 'CreateApiToken' });

/** `POST /internal/api-tokens/exchange`: a gateway asks for an access token that stands for an API token. */
export const ExchangeApiTokenBody = z.strictObject({ token: z.string().min(1).max(200) });
export const ExchangedApiToken = z.object({ accessToken: z.string() });
export type ExchangedApiToken = z.output<typeof ExchangedApiToken>;

const service = 'auth';

export const apiTokenRoutes = {
  create: route('POST', '/v1/auth/api-tokens', {
    summary: 'Make an API token; it is told once',
    service,
    kind: 'secret',
    body: CreateApiTokenBody,
    success: { status: 201, body: CreatedApiToken },
    problems: ['not_found', 'limit_reached', 'second_factor_needed'],
  }),
  list: route('GET', '/v1/auth/api-tokens', {
    summary: 'Your API tokens, the newest first',
    service,
    kind: 'read',
    success: { status: 200, body: ApiTokenList },
  }),
  revoke: route('DELETE', '/v1/auth/api-tokens/{id}', {
    summary: 'Revoke one of your API tokens',
    service,
    kind: 'command',
    params: z.object({ id: Uuid }),
    success: { status: 204 },
    problems: ['not_found'],
  }),
} as const;
