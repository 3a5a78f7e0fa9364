import { randomUUID } from 'node:crypto';
import type { Role, User } from '@taskwire/contracts';
import type { Identity } from '@taskwire/messaging';

export interface Account {
  readonly id: string;
  /** Trimmed and in lower case. */
  readonly email: string;
  readonly passwordHash: string;
  readonly name: string;
  readonly timeZone: string;
  readonly locale: string;
  readonly avatarUrl: string | null;
  readonly roles: readonly Role[];
  readonly version: number;
  readonly createdAt: Date;
  /** Since when it can't be used; null: it can. */
  readonly disabledAt: Date | null;
}

export type NewAccount = Pick<Account, 'email' | 'passwordHash' | 'name' | 'timeZone' | 'locale' | 'roles'>;
export interface ProfileChanges {
  readonly name?: string | undefined;
  readonly timeZone?: string | undefined;
  readonly locale?: string | undefined;
  readonly avatarUrl?: string | null | undefined;
}

export function newAccount(account: NewAccount, now: Date): Account {
  const email = spelling(account.email);
  return {
    ...account,
    id: randomUUID(),
    email,
    avatarUrl: null,
    version: 1,
    createdAt: now,
    disabledAt: null,
  };
}

/** The one spelling under which an address is stored and looked up. */
export function spelling(email: string): string {
  return email.trim().toLowerCase();
}

/** The very same object when nothing changed. */
export function changeProfile(account: Account, changes: ProfileChanges): Account {
  const given = Object.entries(changes).filter(([, value]) => value !== undefined);
  const isSame = given.every(([field, value]) => account[field as keyof ProfileChanges] === value);
  if (isSame) return account;
  return { ...account, ...Object.fromEntries(given), version: account.version + 1 };
}

export function changeEmail(account: Account, email: string): Account {
  return { ...account, email: spelling(email), version: account.version + 1 };
}

/** The very same object when the account has the role already. */
export function grantRole(account: Account, role: Role): Account {
  if (account.roles.includes(role)) return account;
  return { ...account, roles: [...account.roles, role], version: account.version + 1 };
}

export function userView({ passwordHash: _, disabledAt: __, ...account }: Account): User {
  return { ...account, roles: [...account.roles], createdAt: account.createdAt.toISOString() };
}

/** The account as the one who acts, in the envelope of what it brings about. */
export function identityOf(account: Account): Identity {
  return { actor: account.id, roles: account.roles, session: null };
}
