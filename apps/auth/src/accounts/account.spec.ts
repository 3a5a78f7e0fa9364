import { describe, expect, it } from '@jest/globals';
import { changeProfile, grantRole, newAccount, userView } from './account.js';

const now = new Date('2026-03-01T08:00:00.000Z');
const ada = newAccount(
  {
    email: ' Ada@Example.com ',
    passwordHash: '$hash',
    name: 'Ada',
    timeZone: 'UTC',
    locale: 'en-GB',
    roles: ['user'],
  },
  now,
);

describe('an account', () => {
  it('has one spelling of its address, and starts at version 1', () => {
    expect(ada).toMatchObject({ email: 'ada@example.com', version: 1, createdAt: now });
  });

  it('shows its user everything but the password', () => {
    expect(userView(ada)).toEqual({
      id: ada.id,
      email: 'ada@example.com',
      name: 'Ada',
      timeZone: 'UTC',
      locale: 'en-GB',
      avatarUrl: null,
      roles: ['user'],
      version: 1,
      createdAt: now.toISOString(),
    });
  });

  it('gets a new version with a changed profile', () => {
    const changed = changeProfile(ada, { timeZone: 'Europe/Paris' });
    expect(changed).toEqual({ ...ada, timeZone: 'Europe/Paris', version: 2 });
  });

  it('stays as it is when the profile says the same', () => {
    expect(changeProfile(ada, { name: 'Ada', timeZone: undefined })).toBe(ada);
  });

  it('is granted a role once', () => {
    const admin = grantRole(ada, 'admin');
    expect(admin).toEqual({ ...ada, roles: ['user', 'admin'], version: 2 });
    expect(grantRole(admin, 'admin')).toBe(admin);
  });
});
