import { afterEach, describe, expect, it } from '@jest/globals';
import { FeedInMemory } from './feed.fixture.js';
import { LiveConnection } from './live-connection.js';
import { LiveConnections } from './live-connections.js';
import { LiveServer, problemIn, USER } from './live-server.fixture.js';
import { LIVE_SOCKET_PATH } from './live-socket.js';
import { RecordedTransport } from './transport.fixture.js';

let connections: LiveConnections | undefined;
afterEach(() => connections?.closeAll('shutdown'));

describe('the live connections of a gateway', () => {
  it('are so many at most; who comes then is told to come back, and does when one has gone', async () => {
    const live = await new LiveServer({ most: 1 }).start();
    try {
      const first = await live.openSocket();
      await first.until(1);
      const path = () => `${LIVE_SOCKET_PATH}?ticket=${live.ticket()}`;
      const refused = await live.refusal(path());

      expect(problemIn(refused)).toMatchObject({ status: 503, code: 'overloaded' });
      expect(refused.headers['retry-after']).toBe('5');

      first.socket.terminate();
      while (live.connections.full) await new Promise((resolve) => setImmediate(resolve));
      await (await live.openSocket()).until(1);
    } finally {
      await live.stop();
    }
  });

  it('together keep so much for slow clients at most: the slowest are closed first', async () => {
    connections = new LiveConnections(() => false, { maxBufferedBytes: 1_000, checkMs: 5 });
    const transports = [400, 700, 0, 300].map((buffered) =>
      Object.assign(new RecordedTransport(), { buffered }),
    );
    for (const transport of transports) {
      const admission = { userId: USER, sessionId: USER, expiresAt: new Date(Date.now() + 60_000) };
      connections.add(new LiveConnection(admission, transport, new FeedInMemory(), 0));
    }
    while (transports[1]?.closings.length === 0) await new Promise((resolve) => setImmediate(resolve));

    expect(transports.map(({ closings }) => closings[0])).toEqual([undefined, 'slow', undefined, undefined]);
  });
});
