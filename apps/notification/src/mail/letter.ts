import type { Contact } from '@taskwire/contracts';
import { type Email, type EmailContent, traceIdOf } from './email.js';

/** An email with its address: ready to be delivered, never stored by the worker. */
export interface Letter {
  readonly id: string;
  readonly messageId: string;
  readonly from: string;
  readonly to: { readonly name: string; readonly address: string };
  readonly subject: string;
  readonly text: string;
  readonly headers: Readonly<Record<string, string>>;
}

export function write(email: Email, contact: Contact, from: string): Letter {
  const { subject, text } = textOf(email.content, contact);
  const traceId = traceIdOf(email);
  return {
    id: email.id,
    messageId: `<${email.id}@${domainOf(from)}>`,
    from,
    to: { name: contact.name, address: contact.email },
    subject: oneLine(subject),
    text,
    headers: { 'Auto-Submitted': 'auto-generated', ...(traceId ? { 'X-Trace-Id': traceId } : {}) },
  };
}

function textOf(content: EmailContent, { name, timeZone }: Contact): { subject: string; text: string } {
  switch (content.template) {
    case 'welcome':
      return {
        subject: 'Welcome to Taskwire',
        text: `Hello ${name},\n\nyour account is ready. Create your first task, and Taskwire keeps it in mind for you.\n`,
      };
    case 'password_changed':
      return {
        subject: 'Your password was changed',
        text: `Hello ${name},\n\nyour password was changed at ${localTime(content.at, timeZone)}, and all your other sessions were ended.\n\nIf it was not you, somebody knew your password: write to those who run this Taskwire at once.\n`,
      };
    case 'reminder':
      return {
        subject: `Reminder: ${content.title}`,
        text: `Hello ${name},\n\nyou asked to be reminded of this task at ${localTime(content.remindAt, timeZone)}:\n\n  ${oneLine(content.title)}\n`,
      };
  }
}

function localTime(instant: string, timeZone: string): string {
  return new Intl.DateTimeFormat('en-GB', { dateStyle: 'full', timeStyle: 'short', timeZone }).format(
    new Date(instant),
  );
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim();
}

function domainOf(from: string): string {
  return /@([^\s>]+)/.exec(from)?.[1] ?? 'localhost';
}
