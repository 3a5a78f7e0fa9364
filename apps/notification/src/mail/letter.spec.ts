import { describe, expect, it } from '@jest/globals';
import type { AccountLetter } from '@taskwire/contracts';
import { write, writeForAccount } from './letter.js';

const contact = {
  userId: '019a0000-0000-7000-8000-000000000002',
  email: 'ann@example.com',
  name: 'Ann',
  timeZone: 'Asia/Tokyo',
  locale: 'en-GB',
};
const email = {
  id: '019a0000-0000-7000-8000-000000000001',
  userId: contact.userId,
  content: { template: 'welcome' },
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
} as const;

describe('a letter', () => {
  it('has a Message-ID of its email and carries the trace', () => {
    expect(write(email, email.content, contact, 'Taskwire <no-reply@example.org>')).toMatchObject({
      messageId: `<${email.id}@example.org>`,
      to: { name: 'Ann', address: 'ann@example.com' },
      headers: { 'X-Trace-Id': '0af7651916cd43dd8448eb211c80319c' },
    });
    expect(
      write({ ...email, traceparent: null }, email.content, contact, 'a@b.example').headers,
    ).not.toHaveProperty('X-Trace-Id');
  });

  it('tells the time of a reminder as the clock of the user shows it', () => {
    const content = {
      template: 'reminder',
      title: 'Call Bob',
      remindAt: '2026-03-01T22:30:00.000Z',
    } as const;
    const { subject, text } = write(email, content, contact, 'a@b.example');
    expect(subject).toBe('Reminder: Call Bob');
    expect(text).toContain('Monday');
    expect(text).toContain('07:30');
  });

  it('tells when a password was changed, and what to do about it', () => {
    const content = { template: 'password_changed', at: '2026-03-01T22:30:00.000Z' } as const;
    const { subject, text } = write(email, content, contact, 'a@b.example');
    expect(subject).toBe('Your password was changed');
    expect(text).toContain('2 March 2026 at 07:30');
    expect(text).toContain('If it was not you');
  });

  it('tells when a webhook was added and where it sends to, or that it was disabled and why', () => {
    const [host, at] = ['hooks.example.org', '2026-03-01T22:30:00.000Z'];
    const created = { template: 'webhook_created', host, at } as const;
    expect(write(email, created, contact, 'a@b.example').text).toMatch(
      /2 March 2026 at 07:30.*hooks\.example\.org[^]*If it was not you/,
    );
    const disabled = { template: 'webhook_disabled', host, at, reason: 'gone' } as const;
    expect(write(email, disabled, contact, 'a@b.example').text).toMatch(/hooks\.example\.org.*410/);
  });

  it('keeps the subject on one line, whatever the title holds', () => {
    const content = {
      template: 'reminder',
      title: 'one\r\nBcc: eve@example.com\n\ntwo',
      remindAt: '2026-03-01T22:30:00.000Z',
    } as const;
    const { subject } = write(email, content, contact, 'a@b.example');
    expect(subject).toBe('Reminder: one Bcc: eve@example.com two');
  });
});

describe('a letter that auth wants sent', () => {
  const told: AccountLetter = {
    purpose: 'password_reset',
    address: 'ann@example.com',
    token: 'a-secret',
    newEmail: null,
    expiresAt: '2026-03-01T22:30:00.000Z',
  };
  const written = (more: Partial<AccountLetter> = {}) =>
    writeForAccount(email, { ...told, ...more }, 'a@b.example', 'https://app.example/account');

  it.each([
    ['registration', 'confirm'],
    ['password_reset', 'reset'],
    ['email_change_from', 'email'],
    ['email_change_to', 'email'],
  ] as const)('of %s opens the page %s, the token where no server sees it', (purpose, page) => {
    const { to, text } = written({ purpose });
    expect(to).toEqual({ name: '', address: 'ann@example.com' });
    expect(text).toContain(`https://app.example/account/${page}#token=a-secret\n`);
    expect(text).toContain('until 2026-03-01 22:30 UTC');
  });

  it.each([
    ['second_factor_added', 'added', 'If it was not you'],
    ['second_factor_removed', 'was removed', 'If it was not you'],
    ['second_factor_reset', 'An administrator', 'tell an administrator'],
    ['passkey_added', 'A passkey was added', 'If it was not you'],
    ['passkey_removed', 'was removed', 'If it was not you'],
    ['recovery_codes_renewed', 'new recovery codes', 'If it was not you'],
    ['api_token_created', 'An API token', 'If it was not you'],
  ] as const)(
    'of %s tells what was done, and what to do if it was somebody else',
    (purpose, told, advice) => {
      const { subject, text } = written({ purpose, token: null });
      expect(subject).toContain(told);
      expect(text).toContain(advice);
      expect(text).not.toContain('https://');
    },
  );

  it.each(['registered', 'email_taken'] as const)('of %s has no link', (purpose) => {
    expect(written({ purpose, token: null }).text).not.toContain('https://');
  });

  it('says to the old address which is to be the new one', () => {
    expect(written({ purpose: 'email_change_from', newEmail: 'eve@example.com' }).text).toContain(
      'eve@example.com',
    );
  });
});
