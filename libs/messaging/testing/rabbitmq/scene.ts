import { randomBytes } from 'node:crypto';
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

  private constructor(
    readonly url: string,
    private readonly proxy: CutProxy,
  ) {}

  static async open(brokerUrl: string): Promise<RabbitmqScene> {
    const { hostname, port } = new URL(brokerUrl);
    return new RabbitmqScene(brokerUrl, await cutProxy(Number(port || 5672), hostname));
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
    for (const topology of this.#declared) await removeTopology(this.url, this.prefix, topology);
    await this.proxy.close();
  }
}
