import { describe, expect, it } from '@jest/globals';
import { mailboxAccess, NotificationConfig } from './config.js';

const least = { WEBHOOK_KEY: 'x'.repeat(32) };

describe('settings', () => {
  it('have defaults that need no mail server', () => {
    expect(NotificationConfig.parse(least)).toEqual({
      ...least,
      ACCOUNT_URL: 'http://127.0.0.1:3000/account',
      MAIL_FROM: 'Taskwire <no-reply@localhost>',
      MAIL_CONCURRENCY: 4,
      MAILBOX: 'local',
      WEBHOOK_TARGETS: 'public',
      WEBHOOK_CONCURRENCY: 16,
    });
  });

  it.each([
    ['SMTP_URL', 'http://mail.example'],
    ['SMTP_URL', 'mail.example'],
    ['MAIL_FROM', 'nobody'],
    ['MAIL_FROM', 'a@b.example\nBcc: c@d.example'],
    ['MAIL_CONCURRENCY', '0'],
    ['MAILBOX', 'yes'],
    ['WEBHOOK_KEY', 'short'],
    ['WEBHOOK_TARGETS', 'private'],
    ['WEBHOOK_CONCURRENCY', '0'],
  ])('refuse %s=%j', (name, value) => {
    expect(NotificationConfig.safeParse({ ...least, [name]: value }).error?.issues).toMatchObject([
      { path: [name] },
    ]);
  });
});

describe('the mailbox page', () => {
  it.each([
    ['127.0.0.1', 'local', undefined, 'local'],
    ['::1', 'local', undefined, 'local'],
    ['0.0.0.0', 'local', undefined, 'nobody'],
    ['192.168.1.2', 'local', undefined, 'nobody'],
    ['0.0.0.0', 'on', undefined, 'anybody'],
    ['127.0.0.1', 'off', undefined, 'nobody'],
    ['127.0.0.1', 'local', 'smtp://mail.example', 'nobody'],
    ['0.0.0.0', 'on', 'smtp://mail.example', 'nobody'],
  ] as const)('bound to %s with MAILBOX=%s and SMTP_URL=%s is for %s', (HOST, MAILBOX, SMTP_URL, access) => {
    expect(mailboxAccess({ HOST, MAILBOX, SMTP_URL })).toBe(access);
  });
});
