import { type OutgoingMessage, SendError } from '../driver.js';

/** A message of a `send` that waits for its turn. `Part` names a partition. */
export interface QueuedSend<Part> {
  readonly part: Part;
  readonly message: OutgoingMessage;
  /** Partitions of which an earlier message of the same send was not stored. Shared by the messages of one send. */
  readonly broken: Set<Part>;
  settle(error: SendError | undefined): void;
}

export interface BatchLimits {
  readonly messages: number;
  /** Of bodies; one message may go beyond. */
  readonly bytes: number;
}

/** Takes the next batch off the queue. What is behind a message of its send that was not stored is refused, with `behind`. */
export function takeBatch<Part, Item extends QueuedSend<Part>>(
  queue: Item[],
  limits: BatchLimits,
  behind: string,
): Item[] {
  const batch: Item[] = [];
  let bytes = 0;
  while (batch.length < limits.messages && bytes < limits.bytes) {
    const item = queue.shift();
    if (!item) break;
    if (item.broken.has(item.part)) {
      refuse(item, behind);
      continue;
    }
    bytes += item.message.body.length;
    batch.push(item);
  }
  return batch;
}

/** It is certainly not stored, and nothing behind it may be. */
export function refuse<Part>(item: QueuedSend<Part>, reason: string): void {
  item.broken.add(item.part);
  item.settle(new SendError('not-stored', reason));
}
