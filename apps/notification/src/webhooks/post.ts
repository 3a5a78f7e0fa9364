import type { LookupFunction } from 'node:net';
import { Client } from 'undici';
import { retryAfterMs } from './retry-after.js';
import { TargetRefused, type WebhookTargets } from './targets.js';
import type { DeliveryError } from './webhook.js';

const CONNECT_MS = 5_000;
const MOST_ANSWER_BYTES = 64 * 1024;

/** No answer. What went wrong is told as a code: an error's text may hold the URL. */
export class PostError extends Error {
  override readonly name = 'PostError';

  constructor(
    readonly code: DeliveryError,
    cause: unknown,
  ) {
    super(code, { cause });
  }
}

export interface Answer {
  readonly status: number;
  /** How long it asks to be left alone; 0 when it doesn't. */
  readonly retryAfterMs: number;
}

/**
 * Posts JSON to a URL, and tells the answer; of its body, a bounded part is read and thrown away. Redirects are not
 * followed. Each post has a connection of its own, to an address that was checked. Rejects with a PostError.
 */
export async function post(
  targets: WebhookTargets,
  url: URL,
  headers: Readonly<Record<string, string>>,
  body: string,
  limitMs: number,
): Promise<Answer> {
  const signal = AbortSignal.timeout(limitMs);
  let client: Client | undefined;
  try {
    targets.checkUrl(url);
    client = new Client(url.origin, {
      connect: { lookup: lookupBy(targets), timeout: Math.min(CONNECT_MS, limitMs) },
      allowH2: false,
    });
    const answer = await client.request({
      method: 'POST',
      path: url.pathname + url.search,
      headers: { ...headers, 'content-type': 'application/json', 'user-agent': 'Taskwire-Webhooks/1' },
      body,
      signal,
    });
    await answer.body.dump({ limit: MOST_ANSWER_BYTES, signal }).catch(() => undefined);
    const retryAfter = answer.headers['retry-after'];
    return { status: answer.statusCode, retryAfterMs: retryAfterMs(retryAfter, new Date()) };
  } catch (error) {
    throw new PostError(codeOf(error), error);
  } finally {
    await client?.destroy();
  }
}

function lookupBy(targets: WebhookTargets): LookupFunction {
  return (host, { all }, callback) => {
    targets.addressesOf(host).then(
      (found) => {
        const [first] = found;
        if (all) callback(null, found);
        else callback(null, first?.address ?? '', first?.family);
      },
      (error: Error) => callback(error, ''),
    );
  };
}

function codeOf(error: unknown): DeliveryError {
  if (error instanceof TargetRefused) return 'address_not_allowed';
  const { name, code = '' } = error as { name?: string; code?: string };
  if (name === 'TimeoutError' || /TIMEOUT|ETIMEDOUT/.test(code)) return 'timeout';
  return /TLS|SSL|CERT|SIGNATURE|ISSUER/.test(code) ? 'tls_failed' : 'connection_failed';
}
