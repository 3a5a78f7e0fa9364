import type { MailboxMessage, PrismaClient } from '../generated/prisma/client.js';
import type { Letter } from './letter.js';
import type { Mailer } from './mailer.js';

const MOST_KEPT = 1_000;

/** Keeps the newest letters in the database, to be read in a browser, while no SMTP server is set. */
export class MailboxStore implements Mailer {
  constructor(private readonly db: PrismaClient) {}

  async deliver({ id, userId, messageId, from, to, subject, text, headers }: Letter): Promise<void> {
    const all = { 'Message-ID': messageId, From: from, ...headers };
    const { count } = await this.db.mailboxMessage.createMany({
      data: { id, userId, recipient: to.address, subject, headers: all, text },
      skipDuplicates: true,
    });
    if (count > 0) await this.dropOld();
  }

  private async dropOld(): Promise<void> {
    await this.db.$executeRaw`
      DELETE FROM mailbox_messages WHERE position <= (
        SELECT position FROM mailbox_messages ORDER BY position DESC OFFSET ${MOST_KEPT} LIMIT 1)`;
  }

  /** Newest first. */
  list(most: number): Promise<Pick<MailboxMessage, 'id' | 'recipient' | 'subject' | 'receivedAt'>[]> {
    return this.db.mailboxMessage.findMany({
      select: { id: true, recipient: true, subject: true, receivedAt: true },
      orderBy: { position: 'desc' },
      take: most,
    });
  }

  find(id: string): Promise<MailboxMessage | null> {
    return this.db.mailboxMessage.findUnique({ where: { id } });
  }
}
