import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openDatabase } from '../database.js';
import { requestsTo } from '../requests.fixture.js';
import { type RunningAuth, startAuth } from '../service.fixture.js';
import { hashOf } from '../secret-hash.js';

let auth: RunningAuth;
let database: ReturnType<typeof openDatabase>;
beforeAll(async () => {
  auth = await startAuth();
  database = openDatabase(auth.env.DATABASE_URL ?? '');
});
afterAll(async () => {
  await database.close();
  await auth.close();
});
const { registered, refresh, ended, claimsOf } = requestsTo(() => auth);

const invalid = { status: 401, body: { code: 'invalid_refresh_token' } };
const exchanged = async (refreshToken: string) => (await refresh(refreshToken)).body.refreshToken;
/** As if the token had been used so many seconds earlier than it was. */
async function age(refreshToken: string, seconds: number) {
  const where = { hash: hashOf(refreshToken) };
  const { usedAt } = await database.client.refreshToken.findUniqueOrThrow({ where });
  const data = { usedAt: new Date((usedAt?.getTime() ?? 0) - seconds * 1_000) };
  await database.client.refreshToken.update({ where, data });
}

describe('a refresh token', () => {
  it('that is sent a hundred times at once has one successor, which works', async () => {
    const { accessToken, refreshToken } = await registered();
    const answers = await Promise.all(Array.from({ length: 100 }, () => refresh(refreshToken)));

    expect(answers.filter(({ status }) => status !== 200)).toEqual([]);
    const successors = new Set(answers.map(({ body }) => body.refreshToken));
    expect(successors.size).toBe(1);
    const { sid: sessionId } = await claimsOf(accessToken);
    expect(await database.client.refreshToken.count({ where: { sessionId } })).toBe(2);
    expect((await refresh([...successors].join())).status).toBe(200);
  });

  it('gives its successor again for a moment, when the answer was lost', async () => {
    const { refreshToken } = await registered();
    const first = await exchanged(refreshToken);
    await age(refreshToken, 8);
    expect(await exchanged(refreshToken)).toBe(first);
  });

  it('that comes again later ends the session, for both holders', async () => {
    const { accessToken, refreshToken } = await registered();
    const next = await exchanged(refreshToken);
    await age(refreshToken, 10);

    expect(await refresh(refreshToken)).toMatchObject(invalid);
    expect(await refresh(next)).toMatchObject(invalid);
    await ended((await claimsOf(accessToken)).sid);
  });

  it('that comes again once its successor was used ends the session at once', async () => {
    const { accessToken, refreshToken } = await registered();
    const last = await exchanged(await exchanged(refreshToken));

    expect(await refresh(refreshToken)).toMatchObject(invalid);
    expect(await refresh(last)).toMatchObject(invalid);
    await ended((await claimsOf(accessToken)).sid);
  });

  it('is nowhere in the store, neither used nor new', async () => {
    const { refreshToken } = await registered();
    const next = await exchanged(refreshToken);
    const rows = JSON.stringify(await database.client.refreshToken.findMany(), (_, value: unknown) =>
      value instanceof Uint8Array ? Buffer.from(value).toString('base64url') : value,
    );
    expect(rows).toContain(Buffer.from(hashOf(next)).toString('base64url'));
    for (const token of [refreshToken, next]) expect(rows).not.toContain(token);
  });
});
