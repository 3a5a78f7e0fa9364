import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type TestStores, accountOf, createTestStores } from '../auth.fixture.js';
import { hashOf } from '../secret-hash.js';
import { newRefreshToken, newSalt, successorOf } from './refresh-token.js';

const LONG_AGO = new Date(0);
const SOMEWHERE = { address: '192.0.2.1', userAgent: null };
const now = new Date('2026-03-01T08:00:00.000Z');

let test: TestStores;
beforeAll(async () => {
  test = await createTestStores();
});
afterAll(() => test.drop());

async function started(startedAt = now) {
  const account = accountOf();
  const session = { ...SOMEWHERE, id: randomUUID(), accountId: account.id, startedAt, lastUsedAt: startedAt };
  const token = newRefreshToken(startedAt);
  await test.inTransaction(async (tx) => {
    await test.accounts.add(tx, account);
    await test.sessions.start(tx, session, token);
  });
  return { session, token };
}
const end = async (...ids: string[]) =>
  (await test.inTransaction((tx) => test.sessions.end(tx, ids, now))).length;
const find = (secret: string) => test.inTransaction((tx) => test.sessions.findToken(tx, hashOf(secret)));

describe('refresh tokens', () => {
  it('are found with the state of their session', async () => {
    const { session, token } = await started();
    expect(await find(token.secret)).toEqual({
      sessionId: session.id,
      accountId: session.accountId,
      sessionEndedAt: null,
      expiresAt: token.expiresAt,
      usedAt: null,
      salt: null,
    });
    expect(await find('unknown')).toBeNull();
  });

  it('are marked as used when another takes their place, and the last one alone has a salt', async () => {
    const { session, token } = await started();
    const use = { at: new Date(now.getTime() + 1_000), address: '192.0.2.2', userAgent: 'curl' };
    const rotate = async (used: string) => {
      const salt = newSalt();
      const next = successorOf(used, salt, now);
      const of = { hash: hashOf(used), salt };
      await test.inTransaction((tx) => test.sessions.rotate(tx, session.id, of, next, use));
      return { salt, secret: next.secret };
    };
    const first = await rotate(token.secret);
    expect(await find(token.secret)).toMatchObject({ usedAt: use.at, salt: first.salt });
    const second = await rotate(first.secret);

    expect(await find(token.secret)).toMatchObject({ usedAt: use.at, salt: null });
    expect(await find(first.secret)).toMatchObject({ usedAt: use.at, salt: second.salt });
    expect(await find(second.secret)).toMatchObject({ usedAt: null, salt: null, sessionId: session.id });
    const { at: lastUsedAt, ...by } = use;
    expect(await test.sessions.listOpen(session.accountId, LONG_AGO)).toEqual([
      { ...session, lastUsedAt, ...by },
    ]);
  });
});

describe('ending a session', () => {
  it('is of those that were named, and tells which of them had not ended', async () => {
    const [one, two, other] = [await started(), await started(), await started()];
    expect(await end(one.session.id)).toBe(1);
    expect(await end(one.session.id, two.session.id, randomUUID())).toBe(1);
    expect(await find(two.token.secret)).toMatchObject({ sessionEndedAt: now });
    expect(await find(other.token.secret)).toMatchObject({ sessionEndedAt: null });
  });

  it('happens once', async () => {
    const { session, token } = await started();
    expect(await end(session.id)).toBe(1);
    expect(await end(session.id)).toBe(0);
    expect(await find(token.secret)).toMatchObject({ sessionEndedAt: now });
  });

  it('is told to those who read on from where they were', async () => {
    const before = await test.sessions.revocations(0, LONG_AGO, 1_000);
    const { session } = await started();
    await end(session.id);
    const after = await test.sessions.revocations(before.position, LONG_AGO, 1_000);
    expect(after).toEqual({
      position: before.position + 1,
      sessions: [{ sessionId: session.id, endedAt: now.toISOString() }],
    });
    expect(await test.sessions.revocations(after.position, LONG_AGO, 1_000)).toEqual({
      position: after.position,
      sessions: [],
    });
  });

  it('is told from the start to those whose position this database never reached', async () => {
    const all = await test.sessions.revocations(0, LONG_AGO, 1_000);
    expect(await test.sessions.revocations(1_000_000, LONG_AGO, 1_000)).toEqual(all);
  });

  it('is not told once the tokens of its time have expired', async () => {
    const { position } = await test.sessions.revocations(0, LONG_AGO, 1_000);
    expect(await test.sessions.revocations(0, now, 1_000)).toEqual({ position, sessions: [] });
  });

  it('is told in pages, none left out', async () => {
    const { position } = await test.sessions.revocations(0, LONG_AGO, 1_000);
    const ended = await Promise.all(Array.from({ length: 5 }, () => started()));
    for (const { session } of ended) await end(session.id);

    const first = await test.sessions.revocations(position, LONG_AGO, 3);
    const second = await test.sessions.revocations(first.position, LONG_AGO, 3);
    expect([...first.sessions, ...second.sessions].map(({ sessionId }) => sessionId)).toEqual(
      ended.map(({ session }) => session.id),
    );
  });

  it('is missed by no reader, however many sessions end at the same moment', async () => {
    let { position } = await test.sessions.revocations(0, LONG_AGO, 10_000);
    const sessions = await Promise.all(Array.from({ length: 40 }, () => started()));
    const seen: string[] = [];
    let ending = true;
    const reading = (async () => {
      for (let last = false; !last;) {
        last = !ending;
        const page = await test.sessions.revocations(position, LONG_AGO, 10_000);
        seen.push(...page.sessions.map(({ sessionId }) => sessionId));
        position = page.position;
      }
    })();
    await Promise.all(sessions.map(({ session }) => end(session.id)));
    ending = false;
    await reading;
    expect(seen.sort()).toEqual(sessions.map(({ session }) => session.id).sort());
  });
});

describe('the purge', () => {
  it('removes sessions whose tokens have expired, and keeps the others', async () => {
    const old = await started(LONG_AGO);
    const live = await started(now);
    await test.sessions.purge(now, 1_000);
    expect(await find(old.token.secret)).toBeNull();
    expect(await end(old.session.id)).toBe(0);
    expect(await find(live.token.secret)).not.toBeNull();
    expect(await end(live.session.id)).toBe(1);
  });

  it('takes no more than it is told to', async () => {
    await Promise.all([started(LONG_AGO), started(LONG_AGO), started(LONG_AGO)]);
    expect(await test.sessions.purge(now, 2)).toBe(4);
    expect(await test.sessions.purge(now, 2)).toBe(2);
    expect(await test.sessions.purge(now, 2)).toBe(0);
  });
});
