import type { AccountLetter, Contact } from '@taskwire/contracts';
import { accountText } from './account-text.js';
import { type Email, type EmailContent, traceIdOf } from './email.js';
import type { DisabledReason } from '../webhooks/webhook.js';

/** An email with its address: ready to be delivered, never stored by the worker. */
export interface Letter {
  readonly id: string;
  /** Whose account it is about. */
  readonly userId: string;
  readonly messageId: string;
  readonly from: string;
  readonly to: { readonly name: string; readonly address: string };
  readonly subject: string;
  readonly text: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** What an email of ours says to who has an account. */
type TextContent = Exclude<EmailContent, { template: 'account' }>;

export function write(email: Email, content: TextContent, contact: Contact, from: string): Letter {
  return letter(email, textOf(content, contact), { name: contact.name, address: contact.email }, from);
}

/**
 * What auth wants told, with the link under `accountUrl` where there is one. It greets nobody: who wrote the name may not be
 * who reads it.
 */
export function writeForAccount(email: Email, told: AccountLetter, from: string, accountUrl: string): Letter {
  return letter(email, accountText(told, accountUrl), { name: '', address: told.address }, from);
}

function letter(
  email: Email,
  { subject, text }: { subject: string; text: string },
  to: Letter['to'],
  from: string,
): Letter {
  const traceId = traceIdOf(email);
  return {
    id: email.id,
    userId: email.userId,
    messageId: `<${email.id}@${domainOf(from)}>`,
    from,
    to,
    subject: oneLine(subject),
    text,
    headers: { 'Auto-Submitted': 'auto-generated', ...(traceId ? { 'X-Trace-Id': traceId } : {}) },
  };
}

const WHY_DISABLED: Readonly<Record<DisabledReason, string>> = {
  gone: 'its receiver answered that it is gone (410)',
  failing: 'nothing has arrived there for days',
};

function textOf(
  content: TextContent,
  { name, timeZone, locale }: Contact,
): { subject: string; text: string } {
  switch (content.template) {
    case 'welcome':
      return {
        subject: 'Welcome to Taskwire',
        text: `Hello ${name},\n\nyour account is ready. Create your first task, and Taskwire keeps it in mind for you.\n`,
      };
    case 'password_changed':
      return {
        subject: 'Your password was changed',
        text: `Hello ${name},\n\nyour password was changed at ${localTime(content.at, timeZone, locale)}, and all your other sessions were ended.\n\nIf it was not you, somebody knew your password: write to those who run this Taskwire at once.\n`,
      };
    case 'webhook_created':
      return {
        subject: 'A webhook was added to your account',
        text: `Hello ${name},\n\na webhook was added at ${localTime(content.at, timeZone, locale)}: what happens to your tasks is sent to ${content.host}.\n\nIf it was not you, somebody uses your account: change your password, which ends all other sessions, then delete the webhook.\n`,
      };
    case 'webhook_disabled':
      return {
        subject: 'A webhook of yours was disabled',
        text: `Hello ${name},\n\nyour webhook to ${content.host} was disabled at ${localTime(content.at, timeZone, locale)}, since ${WHY_DISABLED[content.reason]}. Nothing more is sent there until you enable it again.\n`,
      };
    case 'reminder':
      return {
        subject: `Reminder: ${content.title}`,
        text: `Hello ${name},\n\nyou asked to be reminded of this task at ${localTime(content.remindAt, timeZone, locale)}:\n\n  ${oneLine(content.title)}\n`,
      };
  }
}

function localTime(instant: string, timeZone: string, locale: string): string {
  return new Intl.DateTimeFormat(locale, { dateStyle: 'full', timeStyle: 'short', timeZone }).format(
    new Date(instant),
  );
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim();
}

function domainOf(from: string): string {
  return /@([^\s>]+)/.exec(from)?.[1] ?? 'localhost';
}
