import type { Deliver, IncomingMessage } from '../../src/index.js';

/** Notes what was delivered, by which instance, and whether a partition ever ran twice at once. */
export class Recorder {
  /** Calls that were made, in order of their start. */
  readonly calls: (readonly IncomingMessage[])[] = [];
  /** Messages whose call resolved. */
  readonly settled: IncomingMessage[] = [];
  readonly overlaps: string[] = [];
  mostRunning = 0;
  readonly #running = new Set<string>();
  #calls = 0;

  /** `work` decides each call's time and end; without it, a call settles at once. */
  deliver(work: (messages: readonly IncomingMessage[]) => Promise<void> | void = () => undefined): Deliver {
    return async (messages) => {
      this.calls.push(messages);
      const keys = new Set(messages.map((m) => `${m.topic}/${String(m.partition)}`));
      for (const key of keys) if (this.#running.has(key)) this.overlaps.push(key);
      for (const key of keys) this.#running.add(key);
      this.#calls += 1;
      this.mostRunning = Math.max(this.mostRunning, this.#calls);
      try {
        await work(messages);
        this.settled.push(...messages);
      } finally {
        this.#calls -= 1;
        for (const key of keys) this.#running.delete(key);
      }
    };
  }

  get delivered(): IncomingMessage[] {
    return this.calls.flat();
  }

  get texts(): string[] {
    return textsOf(this.settled);
  }

  /** Distinct texts, in ascending order of their numbers. */
  get numbers(): number[] {
    return [...new Set(this.texts.map(Number))].sort((a, b) => a - b);
  }

  /** Texts of a key in the order of their first settlement. */
  firstsOf(key: string): number[] {
    return [...new Set(this.settled.filter((m) => m.key === key).map((m) => Number(m.body.toString())))];
  }
}

export const textsOf = (messages: readonly IncomingMessage[]): string[] =>
  messages.map((m) => m.body.toString());

/** Something that a case opens by hand. */
export class Gate {
  readonly #opened = Promise.withResolvers<undefined>();

  readonly passed = (): Promise<undefined> => this.#opened.promise;

  open(): void {
    this.#opened.resolve(undefined);
  }
}
