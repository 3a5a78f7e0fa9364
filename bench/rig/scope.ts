/** What ends with the bench, latest first; also at Ctrl-C, a failure, or an exit in between. */
export class Scope {
  readonly #stack = new AsyncDisposableStack();
  readonly #last = new Set<() => void>();

  constructor() {
    process.on('exit', () => {
      for (const end of this.#last) end();
    });
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.once(signal, () => void this.close().finally(() => process.exit(130)));
    }
  }

  /** `close` runs at the end; `now`, which can't wait, when the process exits before that. */
  add(close: () => Promise<void>, now: () => void = () => undefined): void {
    this.#last.add(now);
    this.#stack.defer(async () => {
      await close();
      this.#last.delete(now);
    });
  }

  close(): Promise<void> {
    return this.#stack.disposeAsync();
  }
}
