import { randomBytes } from 'node:crypto';
import {
  type Driver,
  type GroupDeclaration,
  type OutgoingMessage,
  partitionOf,
  type Topology,
} from '../../src/index.js';
import type { DriverTarget } from './target.js';

export const PARTITIONS = 8;
const HOUR_MS = 3_600_000;

/** What one case works with: names that no other case uses, and drivers that are closed after it. */
export class Scene {
  readonly id = randomBytes(4).toString('hex');
  readonly #drivers = new Set<Driver>();

  constructor(
    readonly target: DriverTarget,
    readonly patienceMs: number,
    readonly sessionMs: number,
  ) {}

  name(what: string): string {
    return `${what}.${this.id}`;
  }

  /** One topic for each name, and groups on all of them unless they name theirs. */
  topology(topics: readonly string[], groups: readonly (string | GroupDeclaration)[] = []): Topology {
    return {
      topics: topics.map((name) => ({ name, partitions: PARTITIONS, retentionMs: HOUR_MS })),
      groups: groups.map((group) =>
        typeof group === 'string' ? { name: group, topics, from: 'now' as const } : group,
      ),
    };
  }

  /** A connected instance that has declared the topology. */
  async start(topology: Topology): Promise<Driver> {
    const driver = this.target.driver();
    this.#drivers.add(driver);
    await driver.connect();
    await driver.declare(topology);
    return driver;
  }

  async kill(driver: Driver): Promise<void> {
    this.#drivers.delete(driver);
    await this.target.kill(driver);
  }

  /** Waits until the condition holds. */
  async until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
    const end = performance.now() + this.patienceMs;
    while (!(await condition())) {
      if (performance.now() > end) throw new Error(`not within ${String(this.patienceMs)} ms: ${what}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  async end(): Promise<void> {
    await Promise.all([...this.#drivers].map((driver) => driver.close(3_000)));
  }
}

/** A message on the partition of its key. */
export function messageTo(topic: string, key: string, text: string, headers = {}): OutgoingMessage {
  return { topic, partition: partitionOf(key, PARTITIONS), key, headers, body: Buffer.from(text) };
}

/** `count` messages with the texts 0, 1, 2 ..., on the given keys in turn. */
export function numbered(topic: string, count: number, keys: readonly string[], from = 0): OutgoingMessage[] {
  return Array.from({ length: count }, (_, i) =>
    messageTo(topic, keys[i % keys.length] ?? '', String(from + i)),
  );
}

/** Keys that cover all partitions, one each. */
export const KEY_PER_PARTITION: readonly string[] = Array.from({ length: PARTITIONS }, (_, partition) => {
  let n = 0;
  while (partitionOf(`key-${String(n)}`, PARTITIONS) !== partition) n += 1;
  return `key-${String(n)}`;
});

/** Sends and demands that all was confirmed. */
export async function sendAll(driver: Driver, messages: readonly OutgoingMessage[]): Promise<void> {
  const refused = (await driver.send(messages)).find((error) => error !== undefined);
  if (refused) throw refused;
}
