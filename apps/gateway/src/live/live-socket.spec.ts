import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { startTelemetry, type Telemetry } from '@taskwire/telemetry';
import { entry } from './feed.fixture.js';
import { MAX_CONNECTIONS_PER_USER } from './live-connections.js';
import { LiveServer, problemIn, USER } from './live-server.fixture.js';
import { LIVE_SOCKET_PATH } from './live-socket.js';

let telemetry: Telemetry;
beforeAll(() => {
  telemetry = startTelemetry({ service: 'test', env: {} });
});
afterAll(() => telemetry.shutdown());

let live: LiveServer;
beforeEach(async () => {
  live = await new LiveServer().start();
});
afterEach(() => live.stop());

describe('the WebSocket', () => {
  it('says where it stands, then sends frames', async () => {
    live.feed.entries.push(entry(1));
    const { until } = await live.openSocket();
    await until(1);
    live.append(2);

    expect(await until(2)).toEqual([{ id: 1 }, { id: 2, event: 'task.created.v1', data: entry(2) }]);
  });

  it('brings what was missed after lastEventId', async () => {
    live.feed.entries.push(entry(1), entry(2));
    const { until } = await live.openSocket(`?ticket=${live.ticket()}&lastEventId=0`);

    expect((await until(3)).map(({ id }) => id)).toEqual([0, 1, 2]);
  });

  it('closes with 4401 when the session ends, and says why', async () => {
    const { socket, until } = await live.openSocket();
    await until(1);
    live.revoked.add(USER);
    const [code, reason] = (await once(socket, 'close')) as [number, Buffer];

    expect([code, reason.toString()]).toEqual([4401, 'revoked']);
    expect((await until(2))[1]).toEqual({ event: 'closed', data: { reason: 'revoked' } });
  });

  it('refuses a ticket whose session has ended since', async () => {
    const ticket = live.ticket();
    live.revoked.add(USER);
    const refusal = await live.refusal(`${LIVE_SOCKET_PATH}?ticket=${ticket}`);

    expect(problemIn(refusal)).toMatchObject({ status: 401, code: 'unauthenticated' });
  });

  it('refuses it too when that has to be found out first, as after a start', async () => {
    const ticket = live.ticket();
    live.known = sleep(200).then(() => void live.revoked.add(USER));
    const refusal = await live.refusal(`${LIVE_SOCKET_PATH}?ticket=${ticket}`);

    expect(problemIn(refusal)).toMatchObject({ status: 401, code: 'unauthenticated' });
  });

  it('says when to come back when the gateway shuts down', async () => {
    const { socket, until } = await live.openSocket();
    await until(1);
    live.connections.closeAll('shutdown');
    const [code] = (await once(socket, 'close')) as [number];

    expect(code).toBe(1001);
    expect((await until(2))[1]).toEqual({
      event: 'closed',
      data: { reason: 'shutdown', reconnectMs: expect.any(Number) },
    });
  });

  it.each([
    ['a page that is listed', 'https://app.example.org', 401],
    ['a page of its own', 'http://HOST', 401],
    ['a page of another origin', 'https://evil.example.org', 403],
    ['a page without an origin, such as a file', 'null', 403],
  ])('looks at the ticket of %s only where its origin may use the API', async (_what, origin, status) => {
    const path = `${LIVE_SOCKET_PATH}?ticket=forged`;
    const { text } = await live.refusal(path, { origin: origin.replace('HOST', live.address) });

    expect(JSON.parse(text)).toMatchObject({ status });
  });

  it('closes a client that says anything long', async () => {
    const { socket, until } = await live.openSocket();
    await until(1);
    socket.send('x'.repeat(2_000));
    const [code] = (await once(socket, 'close')) as [number];

    expect(code).toBe(1009);
  });

  it.each([
    ['without a ticket', LIVE_SOCKET_PATH, 401, 'unauthenticated'],
    ['with a forged ticket', `${LIVE_SOCKET_PATH}?ticket=forged`, 401, 'unauthenticated'],
    ['with a last event id that is none', `${LIVE_SOCKET_PATH}?lastEventId=soon`, 400, 'validation_failed'],
    ['with a parameter that is none', `${LIVE_SOCKET_PATH}?token=secret`, 400, 'validation_failed'],
    ['at another path', '/v1/live/web', 404, 'not_found'],
    ['at what is no path', '//', 404, 'not_found'],
  ])(
    'refuses a client %s, with a problem and a line in the request log',
    async (_what, path, status, code) => {
      const refused = await live.refusal(path);
      const problem = problemIn(refused);

      expect(refused.headers['content-type']).toBe('application/problem+json');
      expect(problem).toMatchObject({ status, code, traceId: expect.stringMatching(/^[0-9a-f]{32}$/) });
      expect(problem.detail ?? problem.errors).toBeDefined();
      expect(live.logged).toMatchObject([{ method: 'GET', status, userId: null, traceId: problem.traceId }]);
      expect(JSON.stringify(live.logged)).not.toContain('secret');
    },
  );

  it('logs who connected', async () => {
    const { until } = await live.openSocket();
    await until(1);

    expect(live.logged).toMatchObject([{ route: LIVE_SOCKET_PATH, status: 101, userId: USER }]);
  });

  it('tells of an unexpected error in the log, and the client nothing of it', async () => {
    live.feed.held = Promise.reject(new Error('password of the feed'));
    const problem = problemIn(await live.refusal(`${LIVE_SOCKET_PATH}?ticket=${live.ticket()}`));

    expect(problem).toMatchObject({ status: 500, code: 'internal' });
    expect(problem.detail).toBeUndefined();
    expect(live.errors).toMatchObject([{ message: 'password of the feed' }]);
  });

  it('keeps no place for a handshake that is none', async () => {
    for (let i = 0; i < MAX_CONNECTIONS_PER_USER; i += 1) {
      const path = `${LIVE_SOCKET_PATH}?ticket=${live.ticket()}`;
      await live.refusal(path, { 'sec-websocket-version': '1' });
    }
    const { until } = await live.openSocket();
    await until(1);
  });
});
