import { randomUUID } from 'node:crypto';
import type { SignedIn, Task, User } from '@taskwire/contracts';
import { refuseUndescribed } from './described.js';

const TIMEOUT_MS = 15_000;

/** What a schema of the contracts describes. */
export type BodyOf<Schema extends { parse(body: unknown): unknown }> = ReturnType<Schema['parse']>;

export interface Answer<Body> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Body;
}

/** A user of the API, signed in. */
export interface Client {
  readonly user: User;
  readonly token: string;
  readonly email: string;
  readonly password: string;
  readonly refreshToken: string;
  call<Body>(
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<Answer<Body>>;
  createTask(title: string): Promise<Task>;
}

/** Calls a route of the API. Refuses an answer that its OpenAPI document doesn't describe. */
export async function call<Body>(
  url: string,
  method: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer<Body>> {
  const response = await fetch(url, {
    method,
    headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  const text = await response.text();
  const parsed: unknown = text === '' ? undefined : JSON.parse(text);
  const { status, headers: answered } = response;
  if (isOfGateway(answered)) {
    refuseUndescribed(method, new URL(url).pathname, { status, headers: answered, body: parsed });
  }
  return { status, headers: answered, body: parsed as Body };
}

/** A service that is called directly describes nothing, and has no pages to protect. */
const isOfGateway = (headers: Headers): boolean => headers.has('content-security-policy');

/** Registers a new account. */
export async function signUp(api: string): Promise<Client> {
  const email = `e2e-${randomUUID()}@example.org`;
  const password = 'correct horse battery staple';
  const { status, body } = await call<SignedIn>(`${api}/v1/auth/register`, 'POST', {
    email,
    password,
    name: 'E2E',
  });
  if (status !== 201) throw new Error(`register answered ${status}: ${JSON.stringify(body)}`);
  return signedIn(api, body, password);
}

/** A user who has signed in. */
export function signedIn(
  api: string,
  { user, accessToken: token, refreshToken }: SignedIn,
  password: string,
): Client {
  const { email } = user;
  const client: Client = {
    ...{ user, token, email, password, refreshToken },
    call: (method, path, content, headers = {}) =>
      call(`${api}${path}`, method, content, { authorization: `Bearer ${token}`, ...headers }),
    createTask: async (title) => {
      const made = await client.call<Task>('POST', '/v1/tasks', { title });
      if (made.status !== 201)
        throw new Error(`create answered ${made.status}: ${JSON.stringify(made.body)}`);
      return made.body;
    },
  };
  return client;
}
