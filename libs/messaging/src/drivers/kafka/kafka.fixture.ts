import { randomBytes } from 'node:crypto';
import { type KafkaProxy, kafkaBrokers, kafkaProxy } from '@taskwire/testing';
import { Admin, Consumer } from '@platformatic/kafka';
import type { Topology } from '../../contract/topology.js';
import { KafkaDriver } from './kafka-driver.js';
import { Names } from './names.js';
import type { KafkaDriverOptions } from './settings.js';

/** What the broker of deploy/kafka/local.sh allows, so that tests need not wait for the end of a longer session. */
const SESSION_MS = 1_500;
const LONGEST_REPEAT_MS = 1_200;

/** A part of a broker under names of its own, each driver on a network that can be cut. */
export class Broker {
  readonly prefix = `test-${randomBytes(4).toString('hex')}.`;
  readonly names = new Names(this.prefix);
  readonly warnings: string[] = [];
  readonly admin: Admin;
  readonly #proxies = new Map<KafkaDriver, KafkaProxy>();

  private constructor(
    private readonly spare: KafkaProxy[],
    private readonly options: Partial<KafkaDriverOptions>,
    private readonly address: string,
  ) {
    this.admin = new Admin({ clientId: 'test', bootstrapBrokers: [address], retries: 5 });
    this.admin.on('error', () => undefined);
  }

  /** With so many ways to the broker that `drivers` drivers can have one each. */
  static async open(
    drivers: number,
    options: Partial<KafkaDriverOptions> = {},
    address = kafkaBrokers[0] ?? '',
  ): Promise<Broker> {
    const proxies = await Promise.all(Array.from({ length: drivers }, () => kafkaProxy(address)));
    return new Broker(proxies, options, address);
  }

  driver(options: Partial<KafkaDriverOptions> = {}): KafkaDriver {
    const proxy = this.spare.pop();
    if (!proxy) throw new Error('no way to the broker is left: open the broker for more drivers');
    const driver = new KafkaDriver({
      brokers: [proxy.address],
      prefix: this.prefix,
      sessionTimeoutMs: SESSION_MS,
      onWarning: (text) => this.warnings.push(text),
      ...this.options,
      ...options,
    });
    this.#proxies.set(driver, proxy);
    return driver;
  }

  /** A connected driver with one topic, and groups on it. */
  async start(
    topic: string,
    groups: readonly string[] = [],
    { partitions = 1, ...options }: Partial<KafkaDriverOptions> & { partitions?: number } = {},
  ): Promise<KafkaDriver> {
    const driver = this.driver(options);
    await driver.connect();
    await driver.declare(topologyOf(topic, groups, partitions));
    return driver;
  }

  way(driver: KafkaDriver): KafkaProxy {
    const proxy = this.#proxies.get(driver);
    if (!proxy) throw new Error('a driver of another broker');
    return proxy;
  }

  /** What a group has committed, by partition. */
  async committed(group: string, topic: string): Promise<Map<number, number>> {
    const [found] = await this.admin.listConsumerGroupOffsets({ groups: [this.names.group(group)] });
    const offsets = found?.topics.find(({ name }) => name === this.names.topic(topic))?.partitions ?? [];
    return new Map(offsets.map((p) => [p.partitionIndex, Number(p.committedOffset)]));
  }

  /** The first record of partition 0, as any consumer sees it. */
  async firstRecord(topic: string): Promise<{ key: string; headers: Record<string, string> }> {
    const consumer = new Consumer({
      clientId: 'foreign',
      groupId: `${this.prefix}foreign`,
      bootstrapBrokers: [this.address],
    });
    try {
      const stream = await consumer.consume({
        topics: [this.names.topic(topic)],
        mode: 'earliest',
        maxWaitTime: 100,
      });
      for await (const { key, headers } of stream) {
        const texts = [...headers].map(([name, value]) => [name.toString(), value.toString()]);
        return { key: key.toString(), headers: Object.fromEntries(texts) as Record<string, string> };
      }
      throw new Error('the stream has ended');
    } finally {
      await consumer.close(true);
    }
  }

  /** Ends its drivers and leaves what they made where it is. */
  async abandon(): Promise<void> {
    for (const driver of this.#proxies.keys()) driver.abort();
    // kafkajs notices at its next repeat that it is cut off.
    await new Promise((resolve) => setTimeout(resolve, LONGEST_REPEAT_MS));
    await Promise.all([...this.#proxies.values(), ...this.spare].map((proxy) => proxy.close()));
    await this.admin.close();
  }

  /** Removes everything that was made under these names. */
  async close(): Promise<void> {
    try {
      for (const driver of this.#proxies.keys()) driver.abort();
      const topics = (await this.admin.listTopics()).filter((name) => name.startsWith(this.prefix));
      if (topics.length > 0) await this.admin.deleteTopics({ topics });
      const groups = [...(await this.admin.listGroups()).keys()].filter((id) => id.startsWith(this.prefix));
      for (const group of groups) await this.#deleteGroup(group);
    } finally {
      await this.abandon();
    }
  }

  /** One whose members died has them until their session ends. */
  async #deleteGroup(group: string): Promise<void> {
    const end = performance.now() + 5 * SESSION_MS;
    for (;;) {
      try {
        await this.admin.deleteGroups({ groups: [group] });
        return;
      } catch (error) {
        if (performance.now() > end) throw error;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }
  }
}

export function topologyOf(topic: string, groups: readonly string[], partitions = 1): Topology {
  return {
    topics: [{ name: topic, partitions, retentionMs: 3_600_000 }],
    groups: groups.map((name) => ({ name, topics: [topic], from: 'now' as const })),
  };
}
