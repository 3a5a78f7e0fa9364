import { once } from 'node:events';
import { get } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { entry } from './feed.fixture.js';
import { MAX_CONNECTIONS_PER_USER } from './live-connections.js';
import { LiveServer, USER } from './live-server.fixture.js';

let live: LiveServer;
beforeEach(async () => {
  live = await new LiveServer().start();
});
afterEach(() => live.stop());

describe('server-sent events', () => {
  it('sends frames with the number, the event and the entry', async () => {
    live.feed.entries.push(entry(1));
    const { response, until } = await live.openStream();
    live.append(2);
    const text = await until('id: 2\n');

    expect(response.headers).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-kept': 'yes',
    });
    expect(text).toContain('id: 1\n\n');
    expect(text).toContain(`id: 2\nevent: task.created.v1\ndata: ${JSON.stringify(entry(2))}\n\n`);
  });

  it('brings what was missed after Last-Event-ID', async () => {
    live.feed.entries.push(entry(1), entry(2), entry(3));
    const { until } = await live.openStream({ 'last-event-id': '1' });
    const text = await until('id: 3\nevent');

    expect(text.match(/^id: \d+\nevent/gm)).toEqual(['id: 2\nevent', 'id: 3\nevent']);
  });

  it('beats while nothing happens', async () => {
    const { until } = await live.openStream();

    expect(await until(': beat')).toContain(': beat\n\n');
  });

  it('refuses a ticket that was used', async () => {
    const used = live.ticket();
    await live.openStream({}, used);

    expect((await live.openStream({}, used)).response.statusCode).toBe(401);
  });

  it.each([
    ['the session ends', 'revoked', () => void live.revoked.add(USER), () => live.ticket()],
    ['the token expires', 'expired', () => undefined, () => live.ticket(300)],
    ['the gateway shuts down', 'shutdown', () => live.connections.closeAll('shutdown'), () => live.ticket()],
  ])('ends when %s', async (_what, reason, happen, withTicket) => {
    const { response, until } = await live.openStream({}, withTicket());
    happen();
    const text = await until(`event: closed\ndata: {"reason":"${reason}"`);
    if (!response.complete) await once(response, 'end');

    // An EventSource waits so long, and who comes back from one gateway doesn't come all at once.
    const retries = text.match(/^retry: \d+/gm);
    expect(retries).toHaveLength(reason === 'shutdown' ? 2 : 1);
  });

  it('tells a client to read again what it shows when the feed no longer has what it missed', async () => {
    live.feed.entries.push(entry(7));
    const { until } = await live.openStream({ 'last-event-id': '2' });
    const text = await until('id: 7\nevent');

    expect(text).toContain('id: 6\nevent: reset\ndata: {"reason":"gone"}\n\nid: 7\nevent: task.created.v1\n');
  });

  it('cuts off a client that does not read, and no other; it resumes where it was', async () => {
    const [slow, quick] = [await live.openStream(), await live.openStream()];
    slow.response.pause();
    // More than the system keeps on the way for a client.
    for (let number = 1; (await live.connected()) > 1; number += 1) {
      live.append(number, 'x'.repeat(200_000));
      await quick.until(`id: ${number}\nevent`);
      expect(number).toBeLessThan(500);
    }
    const last = live.feed.entries.length;
    live.append(last + 1);
    const resumed = await live.openStream({ 'last-event-id': String(last) });

    await Promise.all([quick.until(`id: ${last + 1}\nevent`), resumed.until(`id: ${last + 1}\nevent`)]);
  });

  it('lets a user have so many connections and no more, until one ends', async () => {
    const open = [];
    for (let i = 0; i < MAX_CONNECTIONS_PER_USER; i += 1) open.push(await live.openStream());
    const next = live.ticket();
    expect((await live.openStream({}, next)).response.statusCode).toBe(429);

    open[0]?.response.destroy();
    // The refused one may use its ticket once there is room.
    while ((await live.openStream({}, next)).response.statusCode !== 200) await nextTurn();
  });

  it('lets in no more of those who come at the same time', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    live.feed.held = promise;
    const opening = Array.from({ length: 40 }, () => live.openStream());
    setTimeout(resolve, 50);
    const statuses = (await Promise.all(opening)).map(({ response }) => response.statusCode);

    expect(statuses.filter((status) => status === 200)).toHaveLength(MAX_CONNECTIONS_PER_USER);
    expect(statuses.filter((status) => status === 429)).toHaveLength(40 - MAX_CONNECTIONS_PER_USER);
  });

  it('keeps no place for who could not be told where the feed is, and takes the ticket later', async () => {
    const tried = live.ticket();
    live.feed.lost = true;
    for (let i = 0; i <= MAX_CONNECTIONS_PER_USER; i += 1)
      expect((await live.openStream({}, tried)).response.statusCode).toBe(503);
    live.feed.lost = false;

    expect((await live.openStream({}, tried)).response.statusCode).toBe(200);
  });

  it('keeps no place for who has gone before there was anything to send', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    live.feed.held = promise;
    const gone = Array.from({ length: MAX_CONNECTIONS_PER_USER }, () =>
      get(`http://${live.address}/v1/live?ticket=${live.ticket()}`).on('error', () => undefined),
    );
    while ((await live.openStream()).response.statusCode !== 429) await nextTurn();
    for (const request of gone) request.destroy();
    resolve();

    const next = live.ticket();
    while ((await live.openStream({}, next)).response.statusCode !== 200) await nextTurn();
  });
});

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
