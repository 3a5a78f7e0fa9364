import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Operation } from '@taskwire/contracts';
import { answerOf, call, type Client, signUp } from './client.js';
import { openEvents, openSocket } from './live-clients.js';
import { type Platform, startPlatform } from './platform.js';

let platform: Platform;
let ada: Client;

beforeAll(async () => {
  platform = await startPlatform();
}, 60_000);
afterAll(async () => {
  await platform?.stop();
}, 30_000);
beforeEach(async () => {
  ada = await signUp(platform.api);
});

async function ticket(): Promise<string> {
  const { body } = await answerOf(ada.api.POST('/v1/live/tickets'));
  return body.ticket;
}
const socketUrl = () => `${platform.api.replace('http', 'ws')}/v1/live/ws`;
const bearer = () => ({ authorization: `Bearer ${ada.token}` });

describe('live events', () => {
  it('reach a client over server-sent events and one over a WebSocket', async () => {
    const events = await openEvents(`${platform.api}/v1/live?lastEventId=0`, bearer());
    const socket = await openSocket(
      `${platform.api.replace('http', 'ws')}/v1/live/ws?ticket=${await ticket()}&lastEventId=0`,
    );
    const task = await ada.createTask('A');
    await answerOf(ada.api.POST('/v1/tasks/{id}/complete', { params: { path: { id: task.id } } }));
    const [overEvents, overSocket] = [await events.frames(3), await socket.frames(3)];
    events.close();
    socket.close();

    expect(overEvents.map(({ id }) => id)).toEqual([1, 2, 3]);
    expect(overEvents.map(({ event }) => event).sort()).toEqual([
      'auth.user.registered.v1',
      'task.completed.v1',
      'task.created.v1',
    ]);
    expect(overEvents.find(({ event }) => event === 'task.created.v1')?.data).toMatchObject({
      taskId: task.id,
    });
    expect(overSocket).toEqual(overEvents);
  });

  it('go on after the last frame that a client got', async () => {
    const first = await openEvents(`${platform.api}/v1/live?lastEventId=0`, bearer());
    await ada.createTask('A');
    const seen = (await first.frames(2)).at(-1)?.id ?? 0;
    first.close();
    await ada.createTask('B');
    await ada.createTask('C');
    const second = await openEvents(`${platform.api}/v1/live`, {
      ...bearer(),
      'last-event-id': String(seen),
    });
    const missed = await second.frames(2);
    second.close();

    expect(missed.map(({ id }) => id)).toEqual([seen + 1, seen + 2]);
  });

  it('need a token or a ticket, and a ticket works once', async () => {
    const used = await ticket();
    (await openEvents(`${platform.api}/v1/live?ticket=${used}`)).close();

    expect(await call(`${platform.api}/v1/live?ticket=${used}`, 'GET')).toMatchObject({
      status: 401,
      body: { code: 'unauthenticated' },
    });
    expect((await call(`${platform.api}/v1/live`, 'GET')).status).toBe(401);
    await expect(
      openSocket(`${platform.api.replace('http', 'ws')}/v1/live/ws?ticket=${used}`),
    ).rejects.toThrow('refused');
  });

  it('of one user never reach another', async () => {
    const eve = await signUp(platform.api);
    const events = await openEvents(`${platform.api}/v1/live?lastEventId=0`, {
      authorization: `Bearer ${eve.token}`,
    });
    await ada.createTask('secret');
    await eve.createTask('mine');
    const frames = await events.frames(2);
    events.close();

    expect(frames.map(({ data }) => data.title).join()).not.toContain('secret');
  });

  it('end with the session', async () => {
    const events = await openEvents(`${platform.api}/v1/live`, bearer());
    const socket = await openSocket(`${socketUrl()}?ticket=${await ticket()}`);
    await answerOf(ada.api.POST('/v1/auth/logout', { body: { refreshToken: ada.refreshToken } }));

    expect(await Promise.all([events.ended, socket.ended])).toEqual(['revoked', 'revoked']);
  });

  it('end when the gateway does, and go on where they were when it is back', async () => {
    const events = await openEvents(`${platform.api}/v1/live?lastEventId=0`, bearer());
    const socket = await openSocket(`${socketUrl()}?ticket=${await ticket()}`);
    await events.frames(1);
    await platform.stopService('gateway');

    expect(await Promise.all([events.ended, socket.ended])).toEqual(['shutdown', 'shutdown']);
    await platform.startService('gateway');
    const again = await openEvents(`${platform.api}/v1/live`, { ...bearer(), 'last-event-id': '1' });
    await ada.createTask('A');
    expect((await again.frames(1)).map(({ id }) => id)).toEqual([2]);
    again.close();
  });
});

describe('a second gateway', () => {
  it('pushes what was written through the first, takes its tickets and knows its operations', async () => {
    const second = await platform.addGateway();
    const events = await openEvents(`${second}/v1/live?ticket=${await ticket()}&lastEventId=0`);
    const taken = await answerOf(
      ada.api.POST('/v1/tasks', { body: { title: 'A' }, headers: { prefer: 'respond-async' } }),
    );
    const frames = await events.frames(2);
    events.close();

    expect(frames.map(({ event }) => event)).toContain('task.created.v1');
    if (taken.status === 202) {
      const location = taken.headers.get('location') ?? '';
      expect((await call<Operation>(`${second}${location}`, 'GET', undefined, bearer())).body.status).toBe(
        'done',
      );
    }
  });
});
