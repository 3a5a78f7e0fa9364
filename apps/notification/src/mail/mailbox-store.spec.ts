import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { uuidv7 } from '@taskwire/messaging';
import { createTestService, type TestService } from '../notification.fixture.js';
import type { Letter } from './letter.js';
import { mailboxPage, messagePage } from './mailbox-page.js';
import { MailboxStore } from './mailbox-store.js';

let service: TestService;
let mailbox: MailboxStore;
beforeAll(async () => {
  service = await createTestService();
  mailbox = new MailboxStore(service.db);
});
afterAll(() => service.drop());

function letterOf(subject: string): Letter {
  const id = uuidv7();
  return {
    id,
    userId: '019a0000-0000-7000-8000-000000000002',
    messageId: `<${id}@example.org>`,
    from: 'Taskwire <no-reply@example.org>',
    to: { name: 'Ann', address: `ann+<b>"'@example.com` },
    subject,
    text: '</pre><script>alert(1)</script> & "more"',
    headers: { 'X-Trace-Id': 'trace<1>' },
  };
}

describe('the mailbox', () => {
  it('keeps a letter once, however often it is delivered', async () => {
    const letter = letterOf('twice');
    await mailbox.deliver(letter);
    await mailbox.deliver(letter);
    const found = (await mailbox.list(100)).filter(({ id }) => id === letter.id);
    expect(found).toMatchObject([{ recipient: letter.to.address, subject: 'twice' }]);
  });

  it('shows the newest first, everything escaped', async () => {
    const letter = letterOf('<img src=x onerror=alert(1)>');
    await mailbox.deliver(letterOf('older'));
    await mailbox.deliver(letter);

    const [newest, older] = await mailbox.list(2);
    expect([newest?.id, older?.subject]).toEqual([letter.id, 'older']);
    const message = await mailbox.find(letter.id);
    if (message === null) throw new Error('the letter is not there');
    const pages = mailboxPage(await mailbox.list(10)) + messagePage(message);
    expect(pages).not.toMatch(/<img|<script|<b>|trace<1>/);
    expect(pages).toContain(`<a href="/mailbox/${letter.id}">&lt;img src=x onerror=alert(1)&gt;</a>`);
    expect(pages).toContain('&lt;/pre&gt;&lt;script&gt;alert(1)&lt;/script&gt; &amp; &quot;more&quot;');
  });

  it('keeps the newest 1,000', async () => {
    const template = letterOf('bulk');
    await service.db.mailboxMessage.createMany({
      data: Array.from({ length: 1_100 }, () => ({
        id: uuidv7(),
        recipient: 'ann@example.com',
        subject: template.subject,
        headers: {},
        text: '',
      })),
    });
    await mailbox.deliver(letterOf('newest'));
    expect(await service.db.mailboxMessage.count()).toBe(1_000);
    expect((await mailbox.list(1))[0]?.subject).toBe('newest');
  });
});
