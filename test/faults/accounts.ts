import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SignedIn, User } from '@taskwire/contracts';
import { type Account, fewAtATime, type Finding } from '@taskwire/testing';
import type { Load } from './clients.ts';
import type { Random } from './random.ts';
import { asClient, repeatUntil, type Response, send, still } from './requests.ts';

/** New accounts while the processes are killed: enough for each kill of auth's relay, few enough to read all of them. */
const MOST_NEWCOMERS = 40;
const NEWCOMER_EVERY_MS = 500;
const PAUSE_MS = 50;

function tryToRegister(api: string, name: string): Promise<Response | undefined> {
  const body = { email: `${name}-${randomUUID()}@example.org`, password: randomUUID(), name };
  return send('POST', `${api}/v1/auth/register`, body);
}

export function register(api: string, name: string): Promise<Account> {
  return repeatUntil(`an account for ${name}`, async () => {
    const response = await tryToRegister(api, name);
    return accountIn(response) ?? still(response);
  });
}

/** Undefined where the account may be there or not. */
function accountIn(response: Response | undefined): Account | undefined {
  if (response?.status !== 201) return undefined;
  const { user, accessToken } = response.body as SignedIn;
  return { userId: user.id, token: accessToken };
}

/** New accounts one after the other, whose welcome auth has to send. A broken registration isn't counted. */
export async function newcomers(load: Load): Promise<Account[]> {
  const accounts: Account[] = [];
  while (!load.ended && accounts.length < MOST_NEWCOMERS) {
    const account = accountIn(await tryToRegister(load.api, 'newcomer'));
    if (account) accounts.push(account);
    await sleep(NEWCOMER_EVERY_MS);
  }
  return accounts;
}

export interface ProfileRecord {
  readonly account: Account;
  /** Names that the profile was given, in order; each change was acknowledged before the next. */
  readonly names: readonly string[];
}

/** Renames itself again and again, so that auth has commands to handle. */
export async function renamingClient(load: Load, account: Account, random: Random): Promise<ProfileRecord> {
  const names: string[] = [];
  while (!load.ended) {
    const name = `name ${names.length + 1}`;
    const client = asClient(account, { 'idempotency-key': random.uuid(), prefer: 'wait=1' });
    await repeatUntil(`the outcome of renaming to ${name}`, async () => {
      const response = await client('PATCH', `${load.api}/v1/auth/me`, { name });
      return response?.status === 200 ? response : still(response);
    });
    names.push(name);
    await sleep(PAUSE_MS);
  }
  return { account, names };
}

/** What is not as the clients were told: a profile's version counts the changes, so one lost or done twice shows. */
export async function profileFindings(api: string, records: readonly ProfileRecord[]): Promise<Finding[]> {
  const findings = await fewAtATime(4, records, async ({ account, names }): Promise<Finding[]> => {
    const { name, version } = await readProfile(api, account);
    const made = version - 1;
    const found = { owner: account.userId, where: 'profiles' as const };
    const counts = `${made} changes stored, ${names.length} acknowledged`;
    if (made < names.length) return [{ ...found, kind: 'lost', detail: counts }];
    if (made > names.length) return [{ ...found, kind: 'doubled', detail: counts }];
    const last = names.at(-1) ?? name;
    return name === last ? [] : [{ ...found, kind: 'swapped', detail: `${name} after ${last}` }];
  });
  return findings.flat();
}

function readProfile(api: string, account: Account): Promise<User> {
  return repeatUntil(`the profile of ${account.userId}`, async () => {
    const response = await asClient(account, {})('GET', `${api}/v1/auth/me`);
    return response?.status === 200 ? (response.body as User) : still(response);
  });
}
