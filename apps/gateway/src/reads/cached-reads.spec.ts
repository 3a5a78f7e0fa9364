import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { accountRoutes, taskRoutes, type User } from '@taskwire/contracts';
import { type Caller, ProblemError } from '@taskwire/service';
import { CacheInMemory } from './cache-in-memory.js';
import { CachedReads } from './cached-reads.js';
import type { Forwarder } from './forward.js';
import { ReadCache } from './read-cache.js';

const PROFILE = accountRoutes.me;
const callerOf = (userId: string): Caller => ({
  ...{ userId, sessionId: randomUUID(), roles: ['user'], token: userId },
  expiresAt: new Date('2030-01-01'),
});
const profileOf = (id: string, version: number): User => ({
  ...{ id, version, email: `${id}@example.org`, name: `${version}`, timeZone: 'UTC', locale: 'en-GB' },
  ...{ avatarUrl: null, roles: ['user'] },
  createdAt: '2026-11-21T10:00:00.000Z',
});

/** A gateway before an auth that knows everybody, each in the version that is set. */
function gateway() {
  const versions = new Map<string, number>();
  const asked: string[] = [];
  const counted: string[] = [];
  const auth = { isUp: true };
  const forward: Forwarder['forward'] = (route, { caller, url }) => {
    asked.push(url);
    if (!auth.isUp) return Promise.reject(new ProblemError('service_unavailable'));
    const id = caller?.userId ?? '';
    const version = versions.get(id) ?? 1;
    const body = route === PROFILE ? profileOf(id, version) : [];
    return Promise.resolve({ status: 200, headers: { etag: `"${version}"` }, body });
  };
  const cache = new ReadCache(new CacheInMemory());
  const reads = new CachedReads({ forward } as Forwarder, cache, ({ path }, layer) =>
    counted.push(`${path} ${layer}`),
  );
  const read = async (userId: string, route = PROFILE as typeof PROFILE | typeof taskRoutes.list) =>
    (await reads.read(route, { url: route.path, body: undefined, caller: callerOf(userId), headers: {} }))
      .body;
  return { auth, versions, asked, counted, cache, reads, read };
}

describe('a profile', () => {
  it('is asked for once, and each read is counted by what answered it', async () => {
    const { read, asked, counted } = gateway();
    const ada = randomUUID();

    expect([await read(ada), await read(ada)]).toEqual([profileOf(ada, 1), profileOf(ada, 1)]);
    expect(asked).toHaveLength(1);
    expect(counted).toEqual(['/v1/auth/me service', '/v1/auth/me memory']);
  });

  it('is new in the next read after a change, by whichever gateway it was made', async () => {
    const { read, reads, versions } = gateway();
    const ada = randomUUID();
    await read(ada);
    versions.set(ada, 2);

    expect(await reads.changed(PROFILE, 2, callerOf(ada))).toEqual(profileOf(ada, 2));
    expect(await read(ada)).toEqual(profileOf(ada, 2));
    versions.set(ada, 3);
    await reads.forget(ada, 3);
    expect(await read(ada)).toEqual(profileOf(ada, 3));
  });

  it('is given while auth is down; what a change made of it is not known then', async () => {
    const { read, reads, auth } = gateway();
    const ada = randomUUID();
    await read(ada);
    auth.isUp = false;

    expect(await read(ada)).toEqual(profileOf(ada, 1));
    await expect(reads.changed(PROFILE, 2, callerOf(ada))).rejects.toThrow(ProblemError);
    await expect(read(ada)).rejects.toThrow(ProblemError);
  });

  it('is given to nobody else, not even from under the wrong key', async () => {
    const { read, cache } = gateway();
    const [ada, eve] = [randomUUID(), randomUUID()];
    const place = await cache.find(`/v1/auth/me:${eve}`, () => true);
    const until = Date.now() + 60_000;
    const kept = { owner: ada, version: 9, headers: {}, body: profileOf(ada, 9), until };
    if (place.layer === 'service') await place.keep(kept);

    expect(await read(eve)).toEqual(profileOf(eve, 1));
  });

  it('that this version of the gateway does not know is read again', async () => {
    const { read, cache } = gateway();
    const ada = randomUUID();
    const place = await cache.find(`/v1/auth/me:${ada}`, () => true);
    const kept = { owner: ada, version: 1, headers: {}, body: { old: true }, until: Date.now() + 60_000 };
    if (place.layer === 'service') await place.keep(kept);

    expect(await read(ada)).toEqual(profileOf(ada, 1));
  });
});

describe('other reads', () => {
  it('are asked for each time, and not counted', async () => {
    const { read, asked, counted } = gateway();
    const ada = randomUUID();
    await read(ada, taskRoutes.list);
    await read(ada, taskRoutes.list);

    expect([asked.length, counted]).toEqual([2, []]);
  });
});
