import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { UserRegistered } from '@taskwire/contracts';
import { messageOf } from '@taskwire/testing';
import { createTestService, type TestService } from '../notification.fixture.js';
import { DueWorker, type DueWorkerSettings } from '../due/due-worker.js';
import { EmailDelivery } from './deliver-email.js';
import { type ClaimedEmail, EmailStore } from './email-store.js';
import { newEmail } from './email.js';
import { MailWork } from './mail-work.js';
import type { Mailer } from './mailer.js';

let service: TestService;
let emails: EmailStore;
const workers: DueWorker<ClaimedEmail>[] = [];
beforeAll(async () => {
  service = await createTestService();
  emails = new EmailStore(service.db);
});
beforeEach(() => service.db.email.deleteMany());
afterEach(() => Promise.all(workers.splice(0).map((worker) => worker.beforeApplicationShutdown())));
afterAll(() => service.drop());

async function add(count: number): Promise<void> {
  const cause = messageOf(UserRegistered, {
    userId: randomUUID(),
    timeZone: 'UTC',
    at: '2026-03-01T08:00:00.000Z',
  });
  const added = Array.from({ length: count }, () => newEmail(randomUUID(), { template: 'welcome' }, cause));
  await service.handle(({ tx }) => emails.add(tx, added));
}

function startWorker(
  deliver: Mailer['deliver'],
  { attemptMs, ...settings }: Partial<DueWorkerSettings & { attemptMs: number }> = {},
): DueWorker<ClaimedEmail> {
  const findContact = (userId: string) =>
    Promise.resolve({
      userId,
      email: `${userId}@example.com`,
      name: 'Ann',
      timeZone: 'UTC',
      locale: 'en-GB',
    });
  const auth = { findContact, findLetter: () => Promise.resolve(null) };
  const sender = { from: 'a@example.org', accountUrl: 'https://app.example/account' };
  const delivery = new EmailDelivery(emails, auth, { deliver }, sender);
  const work = new MailWork(emails, delivery, attemptMs);
  const worker = new DueWorker(work, () => undefined, { concurrency: 4, pollMs: 20, ...settings });
  workers.push(worker);
  worker.onApplicationBootstrap();
  return worker;
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + 10_000;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error('it did not become true within 10 s');
    await delay(10);
  }
}

const countOf = (state: string) => service.db.email.count({ where: { state } });

describe('workers', () => {
  it('deliver each email once, several instances together, and what is added while they run', async () => {
    const delivered: string[] = [];
    const deliver: Mailer['deliver'] = async ({ id }) => {
      await delay(2);
      delivered.push(id);
    };
    await add(30);
    startWorker(deliver);
    startWorker(deliver);
    await until(() => delivered.length >= 30);
    await add(10);
    await until(async () => (await countOf('sent')) === 40);
    expect(new Set(delivered).size).toBe(40);
    expect(delivered).toHaveLength(40);
  });

  it('deliver no more at once than they may', async () => {
    let running = 0;
    let most = 0;
    await add(12);
    startWorker(
      async () => {
        most = Math.max(most, ++running);
        await delay(10);
        running -= 1;
      },
      { concurrency: 3 },
    );
    await until(async () => (await countOf('sent')) === 12);
    expect(most).toBe(3);
  });

  it('take over what a dead one held, when its lease ends', async () => {
    await add(1);
    await emails.claim(1, 100);
    let delivered = 0;
    startWorker(() => Promise.resolve(void (delivered += 1)));
    await until(async () => (await countOf('sent')) === 1);
    expect(delivered).toBe(1);
  });

  it('finish what runs when they are stopped, and begin nothing more', async () => {
    const { promise: finish, resolve } = Promise.withResolvers<void>();
    let begun = 0;
    await add(5);
    const worker = startWorker(
      () => {
        begun += 1;
        return finish;
      },
      { concurrency: 2 },
    );
    await until(() => begun === 2);
    const stopped = worker.beforeApplicationShutdown();
    resolve();
    await stopped;
    expect([begun, await countOf('sent'), await countOf('pending')]).toEqual([2, 2, 3]);
  });

  it('stop in time although a mail server hangs', async () => {
    await add(1);
    let begun = 0;
    const worker = startWorker(
      () => {
        begun += 1;
        return new Promise(() => undefined);
      },
      { stopMs: 50, attemptMs: 1_000 },
    );
    await until(() => begun === 1);
    await worker.beforeApplicationShutdown();
    expect((await service.db.email.findFirst())?.lastError).toBeNull();
    await until(async () => (await service.db.email.findFirst())?.lastError !== null);
  });
});
