/** What ends with the bench, latest first; also at Ctrl-C, a failure, or an exit in between. */
export class Scope {
  readonly #stack = new AsyncDisposableStack();
  readonly #last = new Set<() => void>();
  #closing: Promise<void> | undefined;

  constructor() {
    // npm passes a Ctrl-C on that the terminal has sent already: the second one must not end what the first began.
    const onSignal = () => void this.close().finally(() => process.exit(130));
    const onExit = () => {
      for (const end of this.#last) end();
    };
    process.on('SIGINT', onSignal).on('SIGTERM', onSignal).on('exit', onExit);
    this.#stack.defer(() => {
      process.off('SIGINT', onSignal).off('SIGTERM', onSignal).off('exit', onExit);
    });
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
    this.#closing ??= this.#stack.disposeAsync();
    return this.#closing;
  }
}
