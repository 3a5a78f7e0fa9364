import type { Consumer, IncomingMessage } from '../../driver.js';
import type { MemoryBroker } from './broker.js';

const PAGE = 500;

/** Reads topics from their ends, without a group. */
export class MemoryBroadcastConsumer implements Consumer {
  /** Next number to read, by topic and partition. */
  readonly #positions: ReadonlyMap<string, number[]>;
  readonly #wake = (): void => {
    this.#read();
  };
  #paused = false;

  constructor(
    private readonly broker: MemoryBroker,
    topics: readonly string[],
    private readonly receive: (message: IncomingMessage) => void,
    readonly resync: () => void,
    private readonly onClose: (consumer: MemoryBroadcastConsumer) => void,
  ) {
    this.#positions = new Map(topics.map((topic) => [topic, broker.logs(topic).map((log) => log.next)]));
  }

  /** After each (re)connect: what came meanwhile is read from the log, and the resync covers what is gone from it. */
  join(): void {
    this.broker.addReader(this.#wake);
    this.resync();
    this.#read();
  }

  disconnect(): void {
    this.broker.removeReader(this.#wake);
  }

  partitions(): ReadonlyMap<string, readonly number[]> {
    return new Map([...this.#positions].map(([topic, positions]) => [topic, [...positions.keys()]]));
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#read();
  }

  close(): Promise<void> {
    this.disconnect();
    this.#paused = true;
    this.onClose(this);
    return Promise.resolve();
  }

  #read(): void {
    for (const [topic, positions] of this.#positions) {
      this.broker.logs(topic).forEach((log, n) => {
        while (!this.#paused && (positions[n] ?? log.next) < log.next) {
          if ((positions[n] ?? 0) < log.low) this.resync();
          for (const message of log.read(positions[n] ?? log.next, PAGE)) {
            positions[n] = Number(message.position) + 1;
            this.receive(message);
          }
        }
      });
    }
  }
}
