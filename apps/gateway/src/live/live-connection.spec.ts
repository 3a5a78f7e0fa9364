import { describe, expect, it } from '@jest/globals';
import type { Feed, Notification } from '@taskwire/contracts';
import type { FeedReader } from './feed-reader.js';
import { LiveConnection } from './live-connection.js';
import { RecordedTransport } from './transport.fixture.js';

const USER = '0b4c6f5e-3f0e-7c55-9d0a-4f7f5b1f3c11';
const admission = { userId: USER, sessionId: USER, expiresAt: new Date(Date.now() + 600_000) };

function entry(number: number): Notification {
  const id = `0b4c6f5e-3f0e-7c55-9d0a-${String(number).padStart(12, '0')}`;
  const createdAt = '2026-11-21T10:00:00.000Z';
  return { id, number, kind: 'task_created', taskId: null, title: 'A', createdAt, readAt: null };
}

/** A feed with pages of three; `during` runs while a read is on its way. */
class FeedInMemory implements FeedReader {
  failures = 0;
  reads = 0;
  during: () => void = () => undefined;
  constructor(public last: number) {}

  async read(_userId: string, after: number): Promise<Feed> {
    this.reads += 1;
    const numbers = Array.from({ length: Math.max(0, this.last - after) }, (_, i) => after + 1 + i);
    const page = { entries: numbers.slice(0, 3).map(entry), more: numbers.length > 3, last: this.last };
    await Promise.resolve();
    const { during } = this;
    this.during = () => undefined;
    during();
    if (this.failures-- > 0) throw new Error('notification is not reachable');
    return page;
  }

  async position(): Promise<number> {
    return this.last;
  }
}

function connect(feed: FeedReader, last: number) {
  const transport = new RecordedTransport();
  return { transport, connection: new LiveConnection(admission, transport, feed, last, [1, 1]) };
}

describe('LiveConnection', () => {
  it('says where it stands, then brings what was missed, over several pages', async () => {
    const { transport, connection } = connect(new FeedInMemory(9), 2);
    await connection.catchUp();

    expect(transport.positions).toEqual([2]);
    expect(transport.ids).toEqual([3, 4, 5, 6, 7, 8, 9]);
  });

  it('passes pushed entries on, each once and in order', async () => {
    const { transport, connection } = connect(new FeedInMemory(2), 2);
    await connection.catchUp();
    for (const number of [3, 3, 2, 4]) connection.push(entry(number));

    expect(transport.ids).toEqual([3, 4]);
  });

  it('has neither gap nor duplicate when entries are pushed while it reads', async () => {
    const feed = new FeedInMemory(4);
    const { transport, connection } = connect(feed, 2);
    feed.during = () => {
      feed.last = 6;
      for (const number of [4, 6, 5]) connection.push(entry(number));
    };
    await connection.catchUp();

    expect(transport.ids).toEqual([3, 4, 5, 6]);
  });

  it('reads again what a lost hint left out', async () => {
    const feed = new FeedInMemory(2);
    const { transport, connection } = connect(feed, 2);
    await connection.catchUp();
    feed.last = 5;
    connection.push(entry(5));
    await connection.catchUp();

    expect(transport.ids).toEqual([3, 4, 5]);
  });

  it('reads again when a hint was lost while it read', async () => {
    const feed = new FeedInMemory(3);
    const { transport, connection } = connect(feed, 2);
    feed.during = () => {
      feed.last = 6;
      connection.push(entry(6));
    };
    await connection.catchUp();

    expect(transport.ids).toEqual([3, 4, 5, 6]);
  });

  it('resets where the feed no longer has what was missed, at the end or in between', async () => {
    const feed = new FeedInMemory(2);
    feed.read = async () => ({ entries: [], more: false, last: 7 });
    const atEnd = connect(feed, 2);
    await atEnd.connection.catchUp();
    atEnd.connection.push(entry(8));
    expect(atEnd.transport).toMatchObject({ ids: [7, 8], resets: ['gone 7'] });

    feed.read = async () => ({ entries: [entry(3), entry(6), entry(7)], more: false, last: 7 });
    const between = connect(feed, 2);
    await between.connection.catchUp();
    expect(between.transport).toMatchObject({ ids: [3, 5, 6, 7], resets: ['gone 5'] });
  });

  it('resets to where the feed is when the client is ahead of it', async () => {
    const { transport, connection } = connect(new FeedInMemory(3), 50);
    await connection.catchUp();
    connection.push(entry(4));

    expect(transport).toMatchObject({ ids: [3, 4], resets: ['ahead 3'] });
  });

  it('sends 5,000 entries again, and resets who missed more', async () => {
    const feed = new FeedInMemory(5_010);
    const patient = connect(feed, 10);
    await patient.connection.catchUp();
    expect(patient.transport.ids).toHaveLength(5_000);
    expect(patient.transport.resets).toEqual([]);

    const late = connect(feed, 9);
    await late.connection.catchUp();
    late.connection.push(entry(5_011));
    expect(late.transport).toMatchObject({ ids: [5_010, 5_011], resets: ['behind 5010'] });
  });

  it('tries again when the feed cannot be read, then closes', async () => {
    const feed = new FeedInMemory(3);
    feed.failures = 2;
    const patient = connect(feed, 2);
    await patient.connection.catchUp();
    expect(patient.transport.ids).toEqual([3]);

    feed.failures = 3;
    const unlucky = connect(feed, 2);
    await unlucky.connection.catchUp();
    expect(unlucky.transport.closings).toEqual(['unavailable']);
  });

  it('closes a client that does not take what is sent', async () => {
    const { transport, connection } = connect(new FeedInMemory(9), 2);
    transport.buffered = 2 * 1024 * 1024;
    await connection.catchUp();

    expect(transport.closings).toEqual(['slow']);
    expect(transport.ids).toEqual([3]);
  });
});
