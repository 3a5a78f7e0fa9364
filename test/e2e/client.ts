import { randomUUID } from 'node:crypto';
import { type components, taskwire, type Taskwire } from '@taskwire/client';
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
  /** The API as the package for frontends has it. Refuses what its OpenAPI document doesn't describe. */
  readonly api: Taskwire;
  /** Any request as this user, also one that the package wouldn't make. */
  call<Body>(
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<Answer<Body>>;
  createTask(title: string, more?: Partial<components['schemas']['CreateTask']>): Promise<Task>;
}

/**
 * The API at this address by `@taskwire/client`, which here repeats nothing: a test sees each answer. Refuses an answer that
 * the OpenAPI document doesn't describe.
 */
export function apiAt(baseUrl: string, token?: string): Taskwire {
  const api = taskwire({ baseUrl, token: () => token, limitMs: 0 });
  api.use({
    onRequest: ({ request }) => new Request(request, { signal: AbortSignal.timeout(TIMEOUT_MS) }),
    onResponse: async ({ request, response }) => {
      await bodyOf(request.method, request.url, response.clone());
    },
  });
  return api;
}

/** Any request. Refuses an answer of the gateway that its OpenAPI document doesn't describe. */
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
  const { status, headers: answered } = response;
  return { status, headers: answered, body: (await bodyOf(method, url, response)) as Body };
}

async function bodyOf(method: string, url: string, response: Response): Promise<unknown> {
  const text = await response.text();
  const body: unknown = text === '' ? undefined : JSON.parse(text);
  const { status, headers } = response;
  if (isOfGateway(headers)) refuseUndescribed(method, new URL(url).pathname, { status, headers, body });
  return body;
}

/** A service that is called directly describes nothing, and has no pages to protect. */
const isOfGateway = (headers: Headers): boolean => headers.has('content-security-policy');

/** What a call of the package answered; its body is that of a success, as the OpenAPI document has it, or else the problem. */
export async function answerOf<Body, Problem>(
  called: Promise<{ data?: Body; error?: Problem; response: Response }>,
): Promise<Answer<Body> & { readonly problem: Problem | undefined }> {
  const { data, error, response } = await called;
  const { status, headers } = response;
  // The package has an empty text where there is no body.
  const problem = error || undefined;
  return { status, headers, body: (data ?? problem) as Body, problem };
}

/** What a success answers: its body, which the OpenAPI document describes. Throws the problem of any other answer. */
export function got<T>({ data, error, response }: { data?: T; error?: unknown; response: Response }): T {
  if (data === undefined)
    throw new Error(`${response.url} answered ${response.status}: ${JSON.stringify(error)}`);
  return data;
}

/** Registers a new account. */
export async function signUp(api: string): Promise<Client> {
  const email = `e2e-${randomUUID()}@example.org`;
  const password = 'correct horse battery staple';
  const registration = { email, password, name: 'E2E' };
  const made = got(await apiAt(api).POST('/v1/auth/register', { body: registration }));
  return signedIn(api, made, password);
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
    api: apiAt(api, token),
    call: (method, path, content, headers = {}) =>
      call(`${api}${path}`, method, content, { authorization: `Bearer ${token}`, ...headers }),
    createTask: async (title, more) => {
      const made = await client.api.POST('/v1/tasks', { body: { title, ...more } });
      const task = got(made);
      if (!('title' in task)) throw new Error(`create answered ${made.response.status}`);
      return task;
    },
  };
  return client;
}
