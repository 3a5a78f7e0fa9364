import type { IncomingMessage, OutgoingMessage } from '../../driver.js';

interface StoredMessage {
  readonly message: IncomingMessage;
  readonly at: number;
}

/** An append-only log with numbers from 1; old messages go from its front. */
export class PartitionLog {
  #low = 1;
  #messages: StoredMessage[] = [];

  get low(): number {
    return this.#low;
  }

  get next(): number {
    return this.#low + this.#messages.length;
  }

  get length(): number {
    return this.#messages.length;
  }

  append({ topic, partition, key, headers, body }: OutgoingMessage): void {
    const position = String(this.next);
    const message = { topic, partition, key, headers: { ...headers }, body: Buffer.from(body), position };
    this.#messages.push({ message, at: performance.now() });
  }

  read(from: number, most: number): IncomingMessage[] {
    const start = Math.max(0, from - this.#low);
    return this.#messages.slice(start, start + most).map(({ message }) => message);
  }

  ageMs(position: number): number {
    const stored = this.#messages[position - this.#low];
    return stored ? performance.now() - stored.at : 0;
  }

  /** Drops from the front what all have read (`passed`) and is too old or too much. */
  trim(passed: number, keepMs: number, most: number): void {
    const oldest = performance.now() - keepMs;
    let count = 0;
    while (this.#low + count < passed) {
      const stored = this.#messages[count];
      if (!stored || (stored.at >= oldest && this.#messages.length - count <= most)) break;
      count += 1;
    }
    if (count === 0) return;
    this.#messages = this.#messages.slice(count);
    this.#low += count;
  }
}
