import type { PrismaClient } from '../generated/prisma/client.js';
import type { ServiceContext } from '@taskwire/service';
import { mailboxAccess, type NotificationConfig } from '../config.js';
import { DueWorker } from '../due/due-worker.js';
import { contactsOf, lettersOf } from './contacts.js';
import { EmailDelivery } from './deliver-email.js';
import { type ClaimedEmail, EmailStore } from './email-store.js';
import { MailWork } from './mail-work.js';
import { MailboxStore } from './mailbox-store.js';
import { SmtpMailer } from './smtp-mailer.js';

/** The worker that delivers emails: by SMTP where a server is set, else to the embedded mailbox. */
export function mailWorker({
  config,
  db,
  services,
  log,
}: ServiceContext<NotificationConfig, PrismaClient>): DueWorker<ClaimedEmail> {
  if (config.SMTP_URL === undefined && mailboxAccess(config) === 'nobody') {
    log.warn('emails reach nobody: set SMTP_URL, or MAILBOX=on to show them at /mailbox');
  }
  const mailer = config.SMTP_URL === undefined ? new MailboxStore(db) : new SmtpMailer(config.SMTP_URL);
  const emails = new EmailStore(db);
  const auth = { findContact: contactsOf(services), findLetter: lettersOf(services) };
  const sender = { from: config.MAIL_FROM, accountUrl: config.ACCOUNT_URL };
  const delivery = new EmailDelivery(emails, auth, mailer, sender);
  return new DueWorker(
    new MailWork(emails, delivery),
    (level, message, fields) => log[level](fields, message),
    { concurrency: config.MAIL_CONCURRENCY },
  );
}
