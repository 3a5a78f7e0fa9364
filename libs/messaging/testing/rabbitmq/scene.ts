import { randomBytes } from 'node:crypto';
import { type Channel, connect } from 'amqplib';
import type { Topology } from '../../src/contract/topology.js';
import { RabbitmqDriver } from '../../src/drivers/rabbitmq/rabbitmq-driver.js';
import { Names } from '../../src/drivers/rabbitmq/names.js';
import type { RabbitmqDriverOptions } from '../../src/drivers/rabbitmq/settings.js';
import { type CutProxy, cutProxy } from '../cut-proxy.js';
import { removeTopology } from './remove-topology.js';

/** A part of the broker under names of its own, reached by a network that can be cut. */
export class RabbitmqScene {
  readonly prefix = `test-${randomBytes(4).toString('hex')}.`;
  readonly names = new Names(this.prefix);
  readonly warnings: string[] = [];
  readonly #declared: Topology[] = [];
  readonly #started = new Set<RabbitmqDriver>();

  private constructor(
    readonly url: string,
    private readonly managementUrl: string | undefined,
    private readonly proxy: CutProxy,
  ) {}

  /** `managementUrl`: of its management plugin, for what lists groups. */
  static async open(brokerUrl: string, managementUrl?: string): Promise<RabbitmqScene> {
    const { hostname, port } = new URL(brokerUrl);
    return new RabbitmqScene(brokerUrl, managementUrl, await cutProxy(Number(port || 5672), hostname));
  }

  driver(options: Partial<RabbitmqDriverOptions> = {}): RabbitmqDriver {
    const url = new URL(this.url);
    url.hostname = '127.0.0.1';
    url.port = String(this.proxy.port);
    const onWarning = (text: string) => this.warnings.push(text);
    const management = this.managementUrl === undefined ? {} : { managementUrl: this.managementUrl };
    const given = { url: url.href, prefix: this.prefix, onWarning, ...management };
    const driver = new RabbitmqDriver({ ...given, ...options });
    const declare = driver.declare.bind(driver);
    driver.declare = async (topology) => {
      this.#declared.push(topology);
      await declare(topology);
    };
    return driver;
  }

  /** A connected instance that has declared the topology. */
  async start(topology: Topology, options: Partial<RabbitmqDriverOptions> = {}): Promise<RabbitmqDriver> {
    const driver = this.driver(options);
    this.#started.add(driver);
    await driver.connect();
    await driver.declare(topology);
    return driver;
  }

  /** Topics that all groups read. */
  topology(topics: readonly string[], groups: readonly string[] = [], partitions = 2): Topology {
    return {
      topics: topics.map((name) => ({ name, partitions, retentionMs: 3_600_000 })),
      groups: groups.map((name) => ({ name, topics, from: 'now' as const })),
    };
  }

  /** Cuts the connections of an instance, or one of them. */
  cut(driver: RabbitmqDriver, which?: 'publish' | 'consume'): void {
    this.proxy.cut(which ? `taskwire ${which} ${driver.id}` : driver.id);
  }

  /** Does something on the broker as somebody who is no Taskwire. */
  async aside<T>(work: (channel: Channel) => Promise<T>): Promise<T> {
    const model = await connect(this.url);
    model.on('error', () => undefined);
    try {
      const channel = await model.createChannel();
      channel.on('error', () => undefined);
      return await work(channel);
    } finally {
      await model.close();
    }
  }

  /** Ends the instances that were started and removes everything that was declared here. */
  async close(): Promise<void> {
    await Promise.all([...this.#started].map((driver) => driver.close(3_000)));
    for (const topology of this.#declared) await removeTopology(this.url, this.prefix, topology);
    await this.proxy.close();
  }
}
