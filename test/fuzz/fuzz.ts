import { randomUUID } from 'node:crypto';
import type { SignedIn } from '@taskwire/contracts';
import fc from 'fast-check';
import { refuseUndescribed } from '../e2e/described.ts';
import { ask, type Raw } from './ask.ts';
import { type Drawn, request } from './requests.ts';

const IN_A_ROW = 20;
const LONGEST_TOLD = 2_000;
/** Answers without a body, whatever the description says. */
const BODILESS = new Set(['HEAD', 'OPTIONS']);

/** No limit of requests: beyond one, nothing of the others would be seen. */
export const UNLIMITED = Object.fromEntries(
  ['IP', 'USER', 'LOGIN_ADDRESS', 'LOGIN_ACCOUNT'].map((name) => [`RATE_LIMIT_${name}`, '1000000000']),
);

export interface FuzzOptions {
  /** Where the gateway answers. */
  readonly api: string;
  /** How many requests, rounded up to rows of 20. */
  readonly requests: number;
  /** The same seed draws the same requests. */
  readonly seed: number;
}

/** How often each status was answered. */
export type Answers = Record<number, number>;

/**
 * Sends drawn requests in rows, later ones with the ids that earlier ones were answered. Throws, with the request and the
 * seed, at an answer of 500 or more, at one that the OpenAPI document doesn't describe, and at none.
 */
export async function fuzz({ api, requests, seed }: FuzzOptions): Promise<Answers> {
  const answers: Answers = {};
  let token = await signUp(api);
  const row = async (drawn: readonly Drawn[]): Promise<void> => {
    // An earlier row may have signed the user out.
    if (!(await isSignedIn(api, token))) token = await signUp(api);
    const ids: string[] = [randomUUID()];
    for (const one of drawn) {
      const answer = await answerTo(api, one, ids, token);
      answers[answer.status] = (answers[answer.status] ?? 0) + 1;
      ids.push(...idsIn(answer));
    }
  };
  const rows = fc.array(request, { minLength: IN_A_ROW, maxLength: IN_A_ROW });
  // Not shrunk: a request means what it means behind all that came before.
  const settings = { seed, numRuns: Math.ceil(requests / IN_A_ROW), endOnFailure: true };
  await fc.assert(fc.asyncProperty(rows, row), settings);
  return answers;
}

async function answerTo(
  api: string,
  { method, template, id, query, headers, body, isSignedIn: signed }: Drawn,
  ids: readonly string[],
  token: string,
): Promise<Raw> {
  const path = template.replaceAll(/\{[^}]+\}/g, () => pick(id, ids));
  const url = query === '' ? path : `${path}?${query}`;
  try {
    const all = { ...headers, ...(signed && bearer(token)) };
    const answer = await ask(api, { method, path: url, headers: all, body });
    if (answer.status >= 500) throw new Error(`answered ${answer.status}: ${JSON.stringify(answer.body)}`);
    if (!BODILESS.has(method)) refuseUndescribed(method, path, answer);
    return answer;
  } catch (cause) {
    const sent = `${method} ${url} ${JSON.stringify(headers)} ${body ?? ''}`.slice(0, LONGEST_TOLD);
    throw new Error(`${(cause as Error).message}\n${sent}`, { cause });
  }
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

/** The newest ids are meant most. */
function pick(id: string | number, ids: readonly string[]): string {
  return typeof id === 'string' ? id : (ids[ids.length - 1 - (id % ids.length)] ?? '');
}

function idsIn({ headers, body }: Raw): string[] {
  const text = `${headers.get('location') ?? ''} ${JSON.stringify(body ?? '')}`;
  const uuids = [...text.matchAll(/[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}/g)].map(([uuid]) => uuid);
  const operation = /\/v1\/operations\/([\w.-]+)/.exec(text)?.[1];
  return operation === undefined ? uuids.slice(0, 3) : [operation];
}

async function isSignedIn(api: string, token: string): Promise<boolean> {
  return (await ask(api, { method: 'GET', path: '/v1/auth/me', headers: bearer(token) })).status === 200;
}

async function signUp(api: string): Promise<string> {
  const account = { email: `${randomUUID()}@example.org`, password: 'correct horse battery', name: 'Fuzz' };
  const headers = { 'content-type': 'application/json' };
  const path = '/v1/auth/register';
  const { status, body } = await ask(api, { method: 'POST', path, headers, body: JSON.stringify(account) });
  if (status !== 201) throw new Error(`register answered ${status}: ${JSON.stringify(body)}`);
  return (body as SignedIn).accessToken;
}
