import { setTimeout as sleep } from 'node:timers/promises';
import type { Account } from '@taskwire/testing';

/** One attempt; the platform may be away for some of it. */
const ATTEMPT_LIMIT_MS = 15_000;
/** All attempts of one request: several restarts of whatever it needs. */
const LIMIT_MS = 240_000;
const PAUSE_MS = 100;

export interface Response {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

export type Request = (method: string, url: string, body?: unknown) => Promise<Response | undefined>;

/**
 * Sends requests of an account. Undefined where the connection broke; an answer that repeating would not change is an
 * error.
 */
export function asClient({ token }: Pick<Account, 'token'>, headers: Record<string, string>): Request {
  return async (method, url, body) => {
    const response = await send(method, url, body, { authorization: `Bearer ${token}`, ...headers });
    if (response && response.status >= 400 && response.status < 500 && response.status !== 429) {
      throw new Error(`${method} ${url} answered ${response.status}: ${JSON.stringify(response.body)}`);
    }
    return response;
  };
}

export async function send(
  method: string,
  url: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<Response | undefined> {
  try {
    const response = await fetch(url, {
      method,
      headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(ATTEMPT_LIMIT_MS),
    });
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      body: text === '' ? undefined : (JSON.parse(text) as unknown),
    };
  } catch {
    return undefined;
  }
}

/** `attempt` answers what was asked for, or `still` with the last response when that leaves it open. */
export async function repeatUntil<T extends object>(
  what: string,
  attempt: () => Promise<T | Open>,
): Promise<T> {
  const end = performance.now() + LIMIT_MS;
  for (;;) {
    const result = await attempt();
    if (!(result instanceof Open)) return result;
    if (performance.now() > end) throw new Error(`not within ${LIMIT_MS} ms: ${what}, but ${result.found}`);
    await sleep(PAUSE_MS);
  }
}

class Open {
  readonly found: string;

  constructor(found: string) {
    this.found = found;
  }
}

export function still(response: Response | undefined): Open {
  return new Open(response ? `${response.status} ${JSON.stringify(response.body)}` : 'no answer');
}
