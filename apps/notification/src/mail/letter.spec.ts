import { describe, expect, it } from '@jest/globals';
import { write } from './letter.js';

const contact = {
  userId: '019a0000-0000-7000-8000-000000000002',
  email: 'ann@example.com',
  name: 'Ann',
  timeZone: 'Asia/Tokyo',
};
const email = {
  id: '019a0000-0000-7000-8000-000000000001',
  userId: contact.userId,
  content: { template: 'welcome' },
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
} as const;

describe('a letter', () => {
  it('has a Message-ID of its email and carries the trace', () => {
    expect(write(email, contact, 'Taskwire <no-reply@example.org>')).toMatchObject({
      messageId: `<${email.id}@example.org>`,
      to: { name: 'Ann', address: 'ann@example.com' },
      headers: { 'X-Trace-Id': '0af7651916cd43dd8448eb211c80319c' },
    });
    expect(write({ ...email, traceparent: null }, contact, 'a@b.example').headers).not.toHaveProperty(
      'X-Trace-Id',
    );
  });

  it('tells the time of a reminder as the clock of the user shows it', () => {
    const content = {
      template: 'reminder',
      title: 'Call Bob',
      remindAt: '2026-03-01T22:30:00.000Z',
    } as const;
    const { subject, text } = write({ ...email, content }, contact, 'a@b.example');
    expect(subject).toBe('Reminder: Call Bob');
    expect(text).toContain('Monday');
    expect(text).toContain('07:30');
  });

  it('tells when a password was changed, and what to do about it', () => {
    const content = { template: 'password_changed', at: '2026-03-01T22:30:00.000Z' } as const;
    const { subject, text } = write({ ...email, content }, contact, 'a@b.example');
    expect(subject).toBe('Your password was changed');
    expect(text).toContain('2 March 2026 at 07:30');
    expect(text).toContain('If it was not you');
  });

  it('keeps the subject on one line, whatever the title holds', () => {
    const content = {
      template: 'reminder',
      title: 'one\r\nBcc: eve@example.com\n\ntwo',
      remindAt: '2026-03-01T22:30:00.000Z',
    } as const;
    const { subject } = write({ ...email, content }, contact, 'a@b.example');
    expect(subject).toBe('Reminder: one Bcc: eve@example.com two');
  });
});
