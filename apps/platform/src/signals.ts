const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
// npm passes a Ctrl-C on that the terminal has sent to this process already: that is no second one.
const SAME_PRESS_MS = 300;
const LONGEST_DRAIN_MS = 60_000;

/** The exit code of what was ended before it was done: 128 and the number of SIGINT. */
export const INTERRUPTED = 130;

/** Ends the process with the code that `close` resolves to once it has ended everything; a second Ctrl-C ends it at once. */
export function stopOnSignals(close: () => Promise<number>): void {
  let first: number | undefined;

  const end = async (): Promise<void> => {
    console.log('\nStopping: finishing what runs. Ctrl-C again ends at once.');
    setTimeout(() => {
      console.error(`Not drained after ${LONGEST_DRAIN_MS / 1000} s: ended all the same.`);
      process.exit(1);
    }, LONGEST_DRAIN_MS).unref();
    try {
      process.exit(await close());
    } catch (error) {
      console.error(error);
      process.exit(1);
    }
  };
  for (const signal of SIGNALS) {
    process.on(signal, () => {
      if (first !== undefined && performance.now() - first > SAME_PRESS_MS) process.exit(INTERRUPTED);
      if (first !== undefined) return;
      first = performance.now();
      void end();
    });
  }
}
