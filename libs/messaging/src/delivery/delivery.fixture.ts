import type { IncomingMessage } from '../driver.js';
import { Delivery, type DeliveryOptions } from './delivery.js';
import type { HeldPartition } from './held-partition.js';

export interface RunningCall {
  readonly texts: readonly string[];
  resolve(): void;
  reject(): void;
}

/** A delivery whose calls end when the test says so, and what it acknowledged: `0:3` is text 3 of partition 0. */
export class Stage {
  readonly calls: RunningCall[] = [];
  readonly acknowledged: string[] = [];
  readonly rooms: number[] = [];
  readonly delivery: Delivery;

  constructor(options: DeliveryOptions = {}) {
    this.delivery = new Delivery(
      (messages) => {
        const { promise, resolve, reject } = Promise.withResolvers<undefined>();
        this.calls.push({
          texts: messages.map(textOf),
          resolve: () => resolve(undefined),
          reject: () => reject(new Error('refused by the test')),
        });
        return promise;
      },
      { backoff: { firstMs: 1, mostMs: 4 }, ...options },
    );
  }

  hold(partition: number): HeldPartition {
    return this.delivery.hold('t', partition, {
      acknowledge: (last) => this.acknowledged.push(textOf(last)),
      room: () => this.rooms.push(partition),
    });
  }

  /** The call of this number, once it has started. */
  async call(index: number): Promise<RunningCall> {
    await until(() => this.calls.length > index);
    const call = this.calls[index];
    if (!call) throw new Error(`call ${String(index)} is gone`);
    return call;
  }
}

export async function until(condition: () => boolean): Promise<void> {
  const end = performance.now() + 5_000;
  while (!condition()) {
    if (performance.now() > end) throw new Error('the condition did not hold within 5 s');
    await turn();
  }
}

/** Lets everything that is ready run. */
export const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1));

const textOf = (message: IncomingMessage): string => `${String(message.partition)}:${message.position}`;

export function messages(partition: number, from: number, to: number, bytes = 1): IncomingMessage[] {
  return Array.from({ length: to - from + 1 }, (_, i) => ({
    topic: 't',
    partition,
    key: 'k',
    headers: {},
    body: Buffer.alloc(bytes),
    position: String(from + i),
  }));
}
