const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
// npm passes a Ctrl-C on that the terminal has sent to this process already: that is no second one.
const SAME_PRESS_MS = 300;
const LONGEST_DRAIN_MS = 60_000;

/**
 * Ends the process with 0 once `close` has drained everything; a second Ctrl-C, or one before there is anything
 * to drain, ends it at once.
 */
export function stopOnSignals(closeOf: () => (() => Promise<void>) | undefined): void {
  let first: number | undefined;

  const drain = async (close: () => Promise<void>): Promise<void> => {
    console.log('\nStopping: finishing what runs. Ctrl-C again ends at once.');
    setTimeout(() => {
      console.error(`Not drained after ${LONGEST_DRAIN_MS / 1000} s: ended all the same.`);
      process.exit(1);
    }, LONGEST_DRAIN_MS).unref();
    try {
      await close();
      process.exit(0);
    } catch (error) {
      console.error(error);
      process.exit(1);
    }
  };
  for (const signal of SIGNALS) {
    process.on(signal, () => {
      const close = closeOf();
      if (close === undefined) process.exit(130);
      if (first !== undefined && performance.now() - first > SAME_PRESS_MS) process.exit(130);
      if (first !== undefined) return;
      first = performance.now();
      void drain(close);
    });
  }
}
