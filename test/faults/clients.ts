import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SignedIn } from '@taskwire/contracts';
import type { Account, ClientRecord, CreateRecord } from '@taskwire/testing';

/** Repeats of one request before the client gives up and calls its outcome unknown. */
const ATTEMPTS = 60;

export async function register(api: string, name: string): Promise<Account> {
  const body = { email: `${name}-${randomUUID()}@example.org`, password: randomUUID(), name };
  const response = await post(`${api}/v1/auth/register`, body, {});
  if (response.status !== 201)
    throw new Error(`register answered ${response.status}: ${await response.text()}`);
  const signedIn = (await response.json()) as SignedIn;
  return { userId: signedIn.user.id, token: signedIn.accessToken };
}

/**
 * A client that creates tasks one after the other, until `done` says so; every third one without waiting for the answer,
 * by its operation. It repeats a request with the same
 * Idempotency-Key for as long as the answer leaves the outcome open, as the API page tells clients to.
 */
export async function sequentialClient(
  api: string,
  account: Account,
  done: () => boolean,
): Promise<ClientRecord> {
  const creates: CreateRecord[] = [];
  while (!done()) {
    const n = creates.length + 1;
    creates.push(await createTask(api, account, `task ${n}`, n % 3 === 0));
  }
  return { owner: account.userId, creates };
}

async function createTask(
  api: string,
  account: Account,
  title: string,
  respondAsync: boolean,
): Promise<CreateRecord> {
  const headers = {
    authorization: `Bearer ${account.token}`,
    'idempotency-key': randomUUID(),
    ...(respondAsync && { prefer: 'respond-async' }),
  };
  let operation: string | null = null;
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const response = await post(`${api}/v1/tasks`, { title }, headers).catch(() => undefined);
    if (response?.status === 201) {
      await response.arrayBuffer();
      return { taskId: title, told: 'acknowledged', operation: null };
    }
    if (response?.status === 202) operation = response.headers.get('location') ?? operation;
    if (respondAsync && operation !== null && (await hasEnded(api, account, operation))) break;
    const body = await response?.text().catch(() => '');
    if (response && response.status >= 400 && response.status < 500 && response.status !== 429) {
      throw new Error(`POST /v1/tasks answered ${response.status}: ${body}`);
    }
    await sleep(100);
  }
  return { taskId: title, told: operation ? 'pending' : 'unknown', operation };
}

async function hasEnded(api: string, account: Account, operation: string): Promise<boolean> {
  const headers = { authorization: `Bearer ${account.token}` };
  const response = await fetch(`${api}${operation}`, { headers, signal: AbortSignal.timeout(15_000) }).catch(
    () => undefined,
  );
  if (!response?.ok) return false;
  return ((await response.json()) as { status: string }).status !== 'pending';
}

function post(url: string, body: unknown, headers: Record<string, string>): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(15_000),
  });
}
