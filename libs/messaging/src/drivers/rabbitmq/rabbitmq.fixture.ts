import { randomBytes } from 'node:crypto';
import { type CutProxy, cutProxy, rabbitmqUrl } from '@taskwire/testing';
import { connect } from 'amqplib';
import type { Topology } from '../../contract/topology.js';
import { Names } from './names.js';
import { RabbitmqDriver } from './rabbitmq-driver.js';
import type { RabbitmqDriverOptions } from './settings.js';

/** A part of the broker under names of its own, reached by a network that can be cut. */
export class Broker {
  readonly prefix = `test-${randomBytes(4).toString('hex')}.`;
  readonly names = new Names(this.prefix);
  readonly warnings: string[] = [];
  readonly #declared: Topology[] = [];

  private constructor(
    private readonly url: string,
    private readonly proxy: CutProxy,
  ) {}

  static async open(): Promise<Broker> {
    const { hostname, port } = new URL(rabbitmqUrl ?? '');
    return new Broker(rabbitmqUrl ?? '', await cutProxy(Number(port || 5672), hostname));
  }

  driver(options: Partial<RabbitmqDriverOptions> = {}): RabbitmqDriver {
    const url = new URL(this.url);
    url.hostname = '127.0.0.1';
    url.port = String(this.proxy.port);
    const onWarning = (text: string) => this.warnings.push(text);
    const driver = new RabbitmqDriver({ url: url.href, prefix: this.prefix, onWarning, ...options });
    const declare = driver.declare.bind(driver);
    driver.declare = async (topology) => {
      this.#declared.push(topology);
      await declare(topology);
    };
    return driver;
  }

  cut(driver: RabbitmqDriver): void {
    this.proxy.cut(driver.id);
  }

  /** Removes everything that was declared here. */
  async close(): Promise<void> {
    const model = await connect(this.url);
    const channel = await model.createChannel();
    for (const { topics, groups } of this.#declared) {
      for (const { name, partitions } of topics) {
        for (const group of groups.filter((g) => g.topics.includes(name))) {
          for (let p = 0; p < partitions; p += 1) {
            await channel.deleteQueue(this.names.queue(name, group.name, p));
          }
        }
        await channel.deleteQueue(this.names.layout(name));
        await channel.deleteExchange(this.names.exchange(name));
      }
      for (const group of groups) await channel.deleteExchange(this.names.members(group.name));
    }
    await model.close();
    await this.proxy.close();
  }
}
