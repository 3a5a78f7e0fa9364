import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SignedIn, User } from '@taskwire/contracts';
import { type Account, fewAtATime, type Finding } from '@taskwire/testing';
import type { Load } from './clients.ts';
import type { Random } from './random.ts';
import { type Outcome, settle } from './commands.ts';
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
  /** What its client was told of one more; null where each was acknowledged. */
  readonly open: Outcome['told'] | null;
}

/** Renames itself again and again, so that auth has commands to handle; until one has no outcome. */
export async function renamingClient(load: Load, account: Account, random: Random): Promise<ProfileRecord> {
  const names: string[] = [];
  const rename = { method: 'PATCH', path: '/v1/auth/me', respondAsync: false } as const;
  while (!load.ended) {
    const name = `name ${names.length + 1}`;
    const { told, answer } = await settle(load.api, account, {
      ...rename,
      ...{ key: random.uuid(), body: { name } },
    });
    if (told !== 'acknowledged') {
      load.complaints.push(`renaming to ${name}: ${answer}`);
      return { account, names, open: told };
    }
    names.push(name);
    await sleep(PAUSE_MS);
  }
  return { account, names, open: null };
}

/** What is not as the clients were told: a profile's version counts the changes, so one lost or done twice shows. */
export async function profileFindings(api: string, records: readonly ProfileRecord[]): Promise<Finding[]> {
  const findings = await fewAtATime(4, records, async ({ account, names, open }): Promise<Finding[]> => {
    const { name, version } = await readProfile(api, account);
    const made = version - 1;
    const isOpen = open !== null && open !== 'refused';
    const found = { owner: account.userId, where: 'profiles' as const };
    const counts = `${made} changes stored, ${names.length} acknowledged`;
    if (made < names.length) return [{ ...found, kind: 'lost', detail: counts }];
    if (made > names.length + Number(isOpen)) return [{ ...found, kind: 'doubled', detail: counts }];
    if (open === 'unknown') return [{ ...found, kind: 'unended', detail: `no answer; ${counts}` }];
    const last = names.at(-1) ?? name;
    return name === last || isOpen ? [] : [{ ...found, kind: 'swapped', detail: `${name} after ${last}` }];
  });
  return findings.flat();
}

function readProfile(api: string, account: Account): Promise<User> {
  return repeatUntil(`the profile of ${account.userId}`, async () => {
    const response = await asClient(account, {})('GET', `${api}/v1/auth/me`);
    return response?.status === 200 ? (response.body as User) : still(response);
  });
}
