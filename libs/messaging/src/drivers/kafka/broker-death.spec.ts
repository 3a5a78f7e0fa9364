import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { hasKafka, type LocalBroker, startLocalKafka } from '@taskwire/testing';
import { Recorder } from '../../../testing/driver/recorder.js';
import { KEY_PER_PARTITION, numbered } from '../../../testing/driver/scene.js';
import type { OutgoingMessage } from '../../driver.js';
import { Broker } from './kafka.fixture.js';
import type { KafkaDriver } from './kafka-driver.js';
import { until } from './with-kafka.fixture.js';

const START_MS = 120_000;
/** For a broker that reads its log again on a busy machine. */
const RETURN_MS = 60_000;
const TEST_MS = 240_000;
const PARTITIONS = 8;
const CLIENTS = ['platformatic', 'kafkajs'] as const;

/** As a relay does: what was not confirmed is sent again, each partition's in order, before anything later. */
class Sender {
  sent = 0;
  unknown = 0;
  #stop = false;
  #isGivenUp = false;
  readonly #ended: Promise<void>;

  constructor(
    private readonly driver: KafkaDriver,
    private readonly topic: string,
  ) {
    this.#ended = this.#run();
  }

  /** Ends after what was begun is confirmed. */
  async stop(): Promise<void> {
    this.#stop = true;
    await this.#ended;
  }

  giveUp(): void {
    this.#stop = true;
    this.#isGivenUp = true;
  }

  async #run(): Promise<void> {
    while (!this.#stop) {
      let open: readonly OutgoingMessage[] = numbered(this.topic, 16, KEY_PER_PARTITION, this.sent);
      while (open.length > 0 && !this.#isGivenUp) {
        const results = await this.driver.send(open);
        this.unknown += results.filter((error) => error?.outcome === 'unknown').length;
        open = open.filter((_, i) => results[i] !== undefined);
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
      this.sent += 16;
    }
  }
}

(hasKafka() ? describe : describe.skip)('a broker that dies', () => {
  let kafka: LocalBroker | undefined;
  let broker: Broker | undefined;
  const parts: { recorder: Recorder; sender: Sender; reader: KafkaDriver }[] = [];

  beforeAll(async () => {
    kafka = await startLocalKafka();
    broker = await Broker.open(8, {}, kafka.address);
  }, START_MS);

  afterAll(async () => {
    for (const { sender } of parts) sender.giveUp();
    await broker?.abandon();
    await kafka?.remove();
  }, START_MS);

  it(
    'in the middle of sends loses, doubles and reorders nothing, by either client, and is told of once',
    async () => {
      if (!broker || !kafka) throw new Error('no broker');
      for (const client of CLIENTS) {
        // Whatever the time that the broker takes, what was written is repeated under its sequence numbers.
        const options = { client, partitions: PARTITIONS, deliveryTimeoutMs: TEST_MS };
        const reader = await broker.start(client, [client], options);
        const publisher = await broker.start(client, [client], options);
        const recorder = new Recorder();
        await reader.subscribe(client, [client], recorder.deliver());
        parts.push({ recorder, reader, sender: new Sender(publisher, client) });
      }
      for (const { recorder } of parts) await until('messages flow', () => recorder.numbers.length > 500);
      await kafka.kill();
      const health = await parts[0]?.reader.health();
      expect(health).toMatchObject({ up: false });
      await kafka.start();
      for (const { recorder } of parts) {
        const seen = recorder.numbers.length;
        await until('messages flow again', () => recorder.numbers.length > seen + 500, RETURN_MS);
      }
      for (const { recorder, sender } of parts) {
        await sender.stop();
        await until('all messages', () => recorder.numbers.length === sender.sent);
        for (const [index, key] of KEY_PER_PARTITION.entries()) {
          const inOrder = Array.from({ length: sender.sent / 8 }, (_, i) => index + 8 * i);
          expect(recorder.firstsOf(key)).toEqual(inOrder);
        }
        expect(sender.unknown).toBe(0);
      }
      // What the broker holds, not what was delivered: a reader may repeat what it had not committed.
      for (const [i, client] of CLIENTS.entries()) {
        expect(await stored(broker, client)).toBe(parts[i]?.sender.sent);
      }
      const outages = broker.warnings.filter((text) => text.includes('does not answer'));
      expect(outages.length).toBeLessThanOrEqual(4);
    },
    TEST_MS,
  );
});

async function stored(broker: Broker, topic: string): Promise<number> {
  const partitions = Array.from({ length: PARTITIONS }, (_, partitionIndex) => ({
    partitionIndex,
    timestamp: -1n,
  }));
  const [listed] = await broker.admin.listOffsets({
    topics: [{ name: broker.names.topic(topic), partitions }],
  });
  return (listed?.partitions ?? []).reduce((sum, { offset }) => sum + Number(offset), 0);
}
