import { describe, expect, it } from '@jest/globals';
import { type OutgoingMessage, SendError } from '../../driver.js';
import { ProduceError, type PartitionBatch, type ProducerPort } from './client.js';
import { Outage } from './outage.js';
import { Publisher } from './publisher.js';

interface Request {
  readonly batches: readonly PartitionBatch[];
  resolve(): void;
  reject(error: Error): void;
}

/** A producer whose requests end when the test says so. */
class StageProducer implements ProducerPort {
  isConnected = true;
  isAborted = false;
  readonly requests: Request[] = [];

  connect = (): Promise<void> => Promise.resolve();
  close = (): Promise<void> => Promise.resolve();

  send(batches: readonly PartitionBatch[]): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<undefined>();
    this.requests.push({ batches, resolve: () => resolve(undefined), reject });
    return promise;
  }

  abort(): void {
    this.isAborted = true;
    for (const { reject } of this.requests) reject(new ProduceError(false, false, 'cut'));
  }

  async request(index: number): Promise<Request> {
    for (;;) {
      const request = this.requests[index];
      if (request) return request;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

class Stage {
  readonly producer = new StageProducer();
  limitsRead = 0;
  readonly publisher = new Publisher(
    this.producer,
    {
      target: ({ topic }) =>
        topic === 'unknown'
          ? new SendError('not-stored', 'unknown topic', true)
          : { topic, batchBytes: 100_000 },
      maxMessageBytes: 1_000,
      deliveryTimeoutMs: 1_000,
      tooLarge: async () => {
        this.limitsRead += 1;
      },
    },
    new Outage(() => undefined),
  );
}

const message = (text: string, partition = 0, topic = 't'): OutgoingMessage => ({
  topic,
  partition,
  key: 'k',
  headers: {},
  body: Buffer.from(text),
});

const textsOf = ({ batches }: Request): string[] =>
  batches.flatMap(({ partition, messages }) =>
    messages.map((m) => `${String(partition)}:${m.value.toString()}`),
  );

const outcomesOf = (results: readonly (SendError | undefined)[]): (string | undefined)[] =>
  results.map((error) => error?.outcome);

describe('the publisher', () => {
  it('has one request in flight, and fills the next from all partitions', async () => {
    const { producer, publisher } = new Stage();
    const first = publisher.send([message('a')]);
    await producer.request(0);
    const others = [
      publisher.send([message('b')]),
      publisher.send([message('c', 1)]),
      publisher.send([message('d')]),
    ];
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(producer.requests).toHaveLength(1);
    (await producer.request(0)).resolve();
    expect(await first).toEqual([undefined]);
    const second = await producer.request(1);
    expect(textsOf(second)).toEqual(['0:b', '0:d', '1:c']);
    second.resolve();
    expect(await Promise.all(others)).toEqual([[undefined], [undefined], [undefined]]);
  });

  it('confirms a prefix of each partition when a later request fails', async () => {
    const { producer, publisher } = new Stage();
    const sent = publisher.send(Array.from({ length: 450 }, (_, i) => message(String(i))));
    (await producer.request(0)).resolve();
    (await producer.request(1)).reject(new ProduceError(false, false, 'lost'));
    const outcomes = outcomesOf(await sent);
    expect(outcomes.slice(0, 200)).toEqual(Array(200).fill(undefined));
    expect(outcomes.slice(200, 400)).toEqual(Array(200).fill('unknown'));
    expect(outcomes.slice(400)).toEqual(Array(50).fill('not-stored'));
    expect(producer.requests).toHaveLength(2);
  });

  it.each([
    [true, 'not-stored'],
    [false, 'unknown'],
  ])('when the client says that nothing was written: %s, calls it %s', async (isNotStored, outcome) => {
    const { producer, publisher } = new Stage();
    const sent = publisher.send([message('a')]);
    (await producer.request(0)).reject(new ProduceError(isNotStored, false, 'lost'));
    expect(outcomesOf(await sent)).toEqual([outcome]);
  });

  it('refuses for good what is unknown or too large, and in its partition what follows', async () => {
    const { producer, publisher } = new Stage();
    const sent = publisher.send([
      message('a', 0, 'unknown'),
      message('before'),
      message('x'.repeat(1_001)),
      message('behind'),
      message('elsewhere', 1),
      { ...message('header'), partition: 2, headers: { note: 'x'.repeat(200_000) } },
    ]);
    const request = await producer.request(0);
    expect(textsOf(request)).toEqual(['0:before', '1:elsewhere']);
    request.resolve();
    const results = await sent;
    expect(outcomesOf(results)).toEqual([
      'not-stored',
      undefined,
      'not-stored',
      'not-stored',
      undefined,
      'not-stored',
    ]);
    expect(results.map((error) => error?.permanent)).toEqual([true, undefined, true, false, undefined, true]);
    expect(results[5]?.message).toContain('max.message.bytes');
  });

  it('reads the limits of topics again when a broker finds a message too large', async () => {
    const stage = new Stage();
    const sent = stage.publisher.send([message('a')]);
    (await stage.producer.request(0)).reject(new ProduceError(false, true, 'too large'));
    await sent;
    expect(stage.limitsRead).toBe(1);
  });

  it('refuses what waits while there is no connection, not what was handed over', async () => {
    const { producer, publisher } = new Stage();
    const first = publisher.send([message('a')]);
    await producer.request(0);
    producer.isConnected = false;
    const waiting = publisher.send([message('b')]);
    expect(outcomesOf(await waiting)).toEqual(['not-stored']);
    (await producer.request(0)).resolve();
    expect(await first).toEqual([undefined]);
  });

  it('lets at most 10,000 unconfirmed messages in', async () => {
    const { producer, publisher } = new Stage();
    const many = Array.from({ length: 10_000 }, (_, i) => message('m', i % 64));
    const sends = [publisher.send(many), publisher.send([message('late')])];
    let last: string[] = [];
    for (let n = 0; !last.includes('0:late'); n += 1) {
      const request = await producer.request(n);
      last = textsOf(request);
      request.resolve();
    }
    await Promise.all(sends);
    expect(last).toEqual(['0:late']);
    expect(producer.requests.slice(0, -1).flatMap(textsOf)).toHaveLength(10_000);
  });

  it('settles everything when it closes, and refuses from then on', async () => {
    const { producer, publisher } = new Stage();
    const sends = [publisher.send([message('a')]), publisher.send([message('b')])];
    await producer.request(0);
    await publisher.close(20);
    expect(producer.isAborted).toBe(true);
    expect((await Promise.all(sends)).map(outcomesOf)).toEqual([['unknown'], ['unknown']]);
    expect(outcomesOf(await publisher.send([message('late')]))).toEqual(['not-stored']);
  });
});
