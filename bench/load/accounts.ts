import { randomUUID } from 'node:crypto';
import type { Account } from '@taskwire/testing';

export interface LoadAccount extends Account {
  readonly email: string;
  readonly password: string;
}

/** Registrations at a time: each costs the server a password hash. */
const LANES = 4;

/** Registers `count` accounts over the API. Throws at the first answer that isn't 201. */
export async function registerAccounts(api: string, count: number, exempt: string): Promise<LoadAccount[]> {
  const accounts: LoadAccount[] = [];
  const run = randomUUID().slice(0, 8);
  let started = 0;
  const lane = async () => {
    while (started < count) {
      started += 1;
      accounts.push(await registerAccount(api, `load-${run}-${started}@example.org`, exempt));
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  return accounts;
}

async function registerAccount(api: string, email: string, exempt: string): Promise<LoadAccount> {
  const password = randomUUID();
  const response = await fetch(`${api}/v1/auth/register`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-rate-limit-exempt': exempt },
    body: JSON.stringify({ email, password, name: 'Load' }),
    signal: AbortSignal.timeout(30_000),
  });
  if (response.status !== 201) {
    throw new Error(`POST /v1/auth/register answered ${response.status}: ${await response.text()}`);
  }
  const { user, accessToken } = (await response.json()) as { user: { id: string }; accessToken: string };
  return { userId: user.id, token: accessToken, email, password, headers: { 'x-rate-limit-exempt': exempt } };
}
