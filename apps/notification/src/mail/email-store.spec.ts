import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { UserRegistered } from '@taskwire/contracts';
import { messageOf } from '@taskwire/testing';
import { createTestService, type TestService } from '../notification.fixture.js';
import { EmailStore } from './email-store.js';
import { newEmail } from './email.js';

const LEASE_MS = 60_000;

let service: TestService;
let emails: EmailStore;
beforeAll(async () => {
  service = await createTestService();
  emails = new EmailStore(service.db);
});
beforeEach(() => service.db.email.deleteMany());
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

describe('emails to send', () => {
  it('are each claimed once by workers that claim at the same time', async () => {
    await add(50);
    const claims = await Promise.all(Array.from({ length: 10 }, () => emails.claim(7, LEASE_MS)));
    const ids = claims.flat().map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect([...claims.flat(), ...(await emails.claim(50, LEASE_MS))]).toHaveLength(50);
    expect(await emails.claim(50, LEASE_MS)).toEqual([]);
  });

  it('are claimed again when the lease ends, as a further attempt', async () => {
    await add(1);
    const [first] = await emails.claim(1, 0);
    const [second] = await emails.claim(1, LEASE_MS);
    expect([first?.attempts, second?.attempts]).toEqual([1, 2]);
    expect(second?.id).toBe(first?.id);
  });

  it('are ten an hour at most of one kind to one user, where a session brings them about', async () => {
    const [ada, bob] = [randomUUID(), randomUUID()];
    const notice = (userId: string) =>
      newEmail(userId, { template: 'webhook_created', host: 'a.example', at: '2026-03-01T08:00:00.000Z' });
    for (let n = 0; n < 12; n += 1) {
      await service.handle(({ tx }) => emails.addNotice(tx, notice(ada)));
    }
    await service.handle(({ tx }) => emails.addNotice(tx, notice(bob)));
    const of = (userId: string) => service.db.email.count({ where: { userId } });
    expect([await of(ada), await of(bob)]).toEqual([10, 1]);

    await service.db.email.updateMany({ data: { createdAt: new Date(Date.now() - 3_700_000) } });
    await service.handle(({ tx }) => emails.addNotice(tx, notice(ada)));
    expect(await of(ada)).toBe(11);
  });

  it('are not settled by a worker whose lease has ended', async () => {
    await add(1);
    const [late] = await emails.claim(1, 0);
    const [current] = await emails.claim(1, LEASE_MS);
    if (late === undefined || current === undefined) throw new Error('nothing was claimed');

    await emails.end(late, 'failed', 'too late');
    await emails.retryIn(late, 0, 'too late');
    expect(await emails.claim(1, LEASE_MS)).toEqual([]);
    await emails.end(current, 'sent');
    expect(await service.db.email.findFirst()).toMatchObject({ state: 'sent', lastError: null });
  });

  it('wait for their next attempt', async () => {
    await add(2);
    const [soon, later] = await emails.claim(2, LEASE_MS);
    if (soon === undefined || later === undefined) throw new Error('nothing was claimed');
    await emails.retryIn(soon, 0, 'busy');
    await emails.retryIn(later, 3_600_000, 'busy');
    expect(await emails.claim(2, LEASE_MS)).toMatchObject([{ id: soon.id, attempts: 2 }]);
  });

  it('are forgotten some time after they ended, those not sent never', async () => {
    await add(3);
    const [sent, recent] = await emails.claim(2, LEASE_MS);
    if (sent === undefined || recent === undefined) throw new Error('nothing was claimed');
    await emails.end(sent, 'sent');
    await emails.end(recent, 'failed', 'refused');
    await service.db.$executeRaw`
      UPDATE emails SET ended_at = ended_at - interval '31 days' WHERE id = ${sent.id}::uuid`;
    expect(await emails.forget(30)).toBe(1);
    expect(await service.db.email.count()).toBe(2);
  });
});
