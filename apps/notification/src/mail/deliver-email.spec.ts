import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Contact } from '@taskwire/contracts';
import { UserRegistered } from '@taskwire/contracts';
import { messageOf } from '@taskwire/testing';
import { createTestService, type TestService } from '../notification.fixture.js';
import { EmailDelivery, type FindContact, type FindLetter } from './deliver-email.js';
import { type ClaimedEmail, EmailStore } from './email-store.js';
import { type EmailContent, MOST_ATTEMPTS, newEmail } from './email.js';
import type { Letter } from './letter.js';
import { type Mailer, RefusedError } from './mailer.js';

let service: TestService;
let emails: EmailStore;
beforeAll(async () => {
  service = await createTestService();
  emails = new EmailStore(service.db);
});
afterAll(() => service.drop());

const contactOf = (userId: string): Contact => ({
  userId,
  email: 'ann@example.com',
  name: 'Ann',
  timeZone: 'Europe/Berlin',
  locale: 'en-GB',
});

class RecordingMailer implements Mailer {
  readonly letters: Letter[] = [];
  constructor(private readonly answer: () => Promise<void> = () => Promise.resolve()) {}
  async deliver(letter: Letter): Promise<void> {
    await this.answer();
    this.letters.push(letter);
  }
}

const SENDER = { from: 'Taskwire <no-reply@example.org>', accountUrl: 'https://app.example/account' };

async function claimed(attempts = 1, content: EmailContent = { template: 'welcome' }): Promise<ClaimedEmail> {
  const userId = randomUUID();
  const cause = messageOf(UserRegistered, { userId, timeZone: 'UTC', at: '2026-03-01T08:00:00.000Z' });
  const email = newEmail(userId, content, cause);
  await service.handle(({ tx }) => emails.add(tx, [email]));
  await service.db.email.update({ where: { id: email.id }, data: { attempts: attempts - 1 } });
  const all = await emails.claim(100, 60_000);
  const mine = all.find(({ id }) => id === email.id);
  if (mine === undefined) throw new Error('the email was not due');
  return mine;
}

async function attempt(
  email: ClaimedEmail,
  mailer: Mailer,
  findContact: FindContact = (userId) => Promise.resolve(contactOf(userId)),
  timeoutMs = 5_000,
  findLetter: FindLetter = () => Promise.resolve(null),
) {
  const delivery = new EmailDelivery(emails, { findContact, findLetter }, mailer, SENDER);
  const { outcome, fault } = await delivery.attempt(email, timeoutMs);
  const row = await service.db.email.findUniqueOrThrow({ where: { id: email.id } });
  return { outcome, fault, state: row.state, error: row.lastError, waitMs: row.dueAt.getTime() - Date.now() };
}

describe('an attempt to deliver an email', () => {
  it('asks for the address, sends, and ends the email', async () => {
    const email = await claimed();
    const mailer = new RecordingMailer();
    expect(await attempt(email, mailer)).toMatchObject({ outcome: 'sent', state: 'sent', error: null });
    expect(mailer.letters).toMatchObject([
      { messageId: `<${email.id}@example.org>`, to: { name: 'Ann', address: 'ann@example.com' } },
    ]);
  });

  it('asks auth for what an email of its own says, and stores none of it', async () => {
    const emailId = randomUUID();
    const asked: string[] = [];
    const findLetter: FindLetter = (id) => {
      asked.push(id);
      return Promise.resolve({
        ...{ purpose: 'password_reset', address: 'ann@example.com', token: 'a-secret', newEmail: null },
        expiresAt: '2026-03-01T22:30:00.000Z',
      });
    };
    const email = await claimed(1, { template: 'account', emailId });
    const mailer = new RecordingMailer();
    expect(await attempt(email, mailer, undefined, undefined, findLetter)).toMatchObject({ outcome: 'sent' });
    expect(asked).toEqual([emailId]);
    expect(mailer.letters[0]?.text).toContain('#token=a-secret');
    const row = await service.db.email.findUniqueOrThrow({ where: { id: email.id } });
    expect(JSON.stringify(row)).not.toMatch(/a-secret|ann@/);
  });

  it('drops an email of auth that is not to be sent any more', async () => {
    const email = await claimed(1, { template: 'account', emailId: randomUUID() });
    expect(await attempt(email, new RecordingMailer())).toMatchObject({ outcome: 'dropped' });
  });

  it('drops an email to an account that is gone', async () => {
    const mailer = new RecordingMailer();
    const result = await attempt(await claimed(), mailer, () => Promise.resolve(null));
    expect(result).toMatchObject({ outcome: 'dropped', state: 'dropped' });
    expect(mailer.letters).toEqual([]);
  });

  it.each([
    ['the mail server', new Error('busy'), undefined],
    ['auth', undefined, new Error('auth is not reachable')],
  ])('is made again later when %s fails', async (_, mailError, contactError) => {
    const mailer = new RecordingMailer(() => (mailError ? Promise.reject(mailError) : Promise.resolve()));
    const findContact: FindContact = (id) =>
      contactError ? Promise.reject(contactError) : Promise.resolve(contactOf(id));
    const result = await attempt(await claimed(), mailer, findContact);
    expect(result).toMatchObject({ outcome: 'retry', state: 'pending' });
    expect(result.error).toBe((mailError ?? contactError)?.message);
    expect(result.waitMs).toBeGreaterThan(1_000);
    expect(result.waitMs).toBeLessThan(7_000);
  });

  it('is made again later when nothing answers in time', async () => {
    const mailer = new RecordingMailer(() => new Promise(() => undefined));
    const result = await attempt(await claimed(), mailer, undefined, 50);
    expect(result).toMatchObject({ outcome: 'retry', error: 'not delivered within 50 ms' });
  });

  it('is the last one when the server refuses', async () => {
    const cause = Object.assign(new Error('550 <ann@example.com>'), { code: 'EENVELOPE', responseCode: 550 });
    const refusal = new RefusedError('no such mailbox', { cause });
    const mailer = new RecordingMailer(() => Promise.reject(refusal));
    const result = await attempt(await claimed(), mailer);
    expect(result).toMatchObject({ outcome: 'failed', state: 'failed', error: 'no such mailbox' });
    expect(result.fault).toBe('EENVELOPE 550');
  });

  it('is the last one after so many', async () => {
    const mailer = new RecordingMailer(() => Promise.reject(new Error('busy')));
    expect(await attempt(await claimed(MOST_ATTEMPTS), mailer)).toMatchObject({ state: 'failed' });
  });

  it('is not made when each one before killed the process', async () => {
    const mailer = new RecordingMailer();
    expect(await attempt(await claimed(MOST_ATTEMPTS + 1), mailer)).toMatchObject({ state: 'failed' });
    expect(mailer.letters).toEqual([]);
  });
});
